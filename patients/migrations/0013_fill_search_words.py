from django.db import migrations

from patients.rules.finding import words_of

BATCH = 500
FIELDS = ["therapist", "is_listed", "sort_name", "section", "program_week"]
ATTENTION, IN_HAND = 2, 1


def fill(apps, schema_editor):
    """Write the words of everybody, and what the lines repeat of the records."""
    patients, words, lines = (apps.get_model("patients", name) for name in ("Patient", "SearchWord", "CaseloadEntry"))
    keys = list(patients.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        words.objects.bulk_create(
            words(clinic_id=row.clinic_id, patient_id=row.pk, word=word)
            for row in patients.objects.filter(pk__in=some)
            for word in sorted(words_of((row.first_name, row.last_name), row.number, row.born_on))
        )
        there = list(lines.objects.filter(pk__in=some).select_related("patient"))
        for line in there:
            repeat(line)
        lines.objects.bulk_update(there, FIELDS)


def repeat(line):
    """Fill the new columns of one line."""
    line.therapist_id, line.sort_name = line.patient.therapist_id, line.patient.search_text
    line.is_listed = line.patient.status == "active"
    alerts, seen = line.facts.get("alerts", {}), line.facts.get("seen", [])
    is_in_hand = any(reason.get("seen") for reason in line.reasons) and any(mark in alerts for mark in seen)
    line.section = line.level if line.level >= ATTENTION else IN_HAND if is_in_hand else 0
    states = [tick[0] for tick in line.week_ticks]
    line.program_week = states.index("now") + 1 if "now" in states else 0 if states[:1] == ["to_come"] else None


class Migration(migrations.Migration):
    dependencies = [('patients', '0012_search_words')]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
