"""What clinics had set becomes their first rule set, and every line names it."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

NUMBERS = {
    "look_back_days": 28,
    "leg_pain_in_row": 2,
    "unsettled_in_row": 2,
    "unsettled_points": 2.0,
    "unsettled_window_days": 14,
    "trend_entries": 3,
    "trend_points": 2,
    "trend_window_days": 14,
    "week_rise_points": 1.0,
    "week_minimum_days": 2,
    "message_days": 2,
    "assessment_overdue_days": 3,
    "readiness_points": 3,
    "off": [],
}


def take_over(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the first rule set of every clinic from its settings, and name it in every line."""
    clinic_model, rule_set = apps.get_model("clinics", "Clinic"), apps.get_model("patients", "RuleSet")
    line = apps.get_model("patients", "CaseloadEntry")
    for clinic in clinic_model.objects.all():
        numbers = NUMBERS | {
            "green_max": clinic.pain_green_max,
            "amber_max": clinic.pain_amber_max,
            "silence_days": clinic.silence_days,
            "missed_in_row": clinic.missed_in_a_row,
        }
        row = rule_set.objects.create(clinic=clinic, number=1, thresholds=numbers, in_force_at=timezone.now())
        line.objects.filter(clinic=clinic).update(rule_set=row)


class Migration(migrations.Migration):
    """The settings leave the clinic only when they have been taken over."""

    dependencies = [("clinics", "0005_group_places"), ("patients", "0008_rule_sets")]
    run_before = [("clinics", "0008_rules_elsewhere")]
    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
