"""Two numbers leave the clinic: they are part of its rule sets, which have taken them over before (`patients/0009_rule_sets_taken_over.py`)."""

from django.db import migrations


class Migration(migrations.Migration):
    """The bands of pain stay, because pages and patients read them; only a rule set in force writes them."""

    dependencies = [('clinics', '0007_invitation_undelivered')]
    operations = [
        migrations.RemoveField("clinic", "silence_days"),
        migrations.RemoveField("clinic", "missed_in_a_row"),
    ]
