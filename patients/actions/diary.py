"""The daily check-in and corrections of what was entered."""

import datetime as dt
import uuid
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.prepared import PreparedInsert
from patients.actions.caseload import note_check_in, refresh_entry
from patients.actions.consents import need_consent
from patients.actions.once import store_once
from patients.actions.symptoms import report_symptoms
from patients.models import CaseloadEntry, CheckIn, Correction, Patient, Run, SessionLog, SymptomReport
from patients.rules import readiness

BACKDATE_DAYS = 14
CORRECTABLE: dict[type[models.Model], tuple[str, ...]] = {
    CheckIn: ("pain_0_10", "readiness_0_10", "note"),
    SessionLog: ("pain_during_0_10", "effort_rpe_0_10", "soreness_0_10", "note"),
    Run: (
        "distance_km",
        "duration_seconds",
        "pain_before_0_10",
        "pain_worst_0_10",
        "pain_after_0_10",
        "leg_pain_0_10",
        "effort_rpe_0_10",
        "average_heart_rate",
        "shoe",
        "note",
    ),
}
check_ins = PreparedInsert(CheckIn)
SAME_ANSWERS = {"pain_during_0_10": "pain_worst_0_10", "effort_rpe_0_10": "effort_rpe_0_10", "note": "note"}
"""What the log of a run-walk session and its run both say: field of the log, field of the run."""


def check_scale(name: str, value: object, *, needed: bool = True) -> None:
    """Refuse an answer that is not a whole number from 0 to 10 (None only where it may be missing)."""
    if value is None:
        if needed:
            raise Invalid(fields={name: [_("Choose a number from 0 to 10.")]})
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10:
        raise Invalid(fields={name: [_("Choose a number from 0 to 10.")]})


def check_day(on: dt.date, *, patient: Patient, now: dt.datetime, name: str = "on") -> None:
    """Refuse a day in the future or more than two weeks back."""
    today = local_day(now, patient.zone)
    if on > today:
        raise Invalid(fields={name: [_("This day is still to come.")]})
    if on < today - dt.timedelta(days=BACKDATE_DAYS):
        raise Invalid(fields={name: [_("This day is more than two weeks ago. Please tell your clinic.")]})


def check_in(
    *,
    patient: Patient,
    pain_0_10: int,
    readiness_0_10: int,
    signs: Collection[str] = (),
    by: Membership | None,
    now: dt.datetime,
    on: dt.date | None = None,
    done_at: dt.datetime | None = None,
    source: str = SessionLog.Source.APP,
    note: str = "",
    client_key: uuid.UUID | None = None,
) -> tuple[CheckIn, SymptomReport | None]:
    """Store pain (0–10) and readiness (0–10) of a day, and what is new; None for `on` means the patient's today.

    A second check-in of the same day replaces the first, whose answers are kept as a correction (with their key, so that their
    repetition changes nothing). With `signs` a symptom report is made whose verdict may hold the program. Raises Invalid, Conflict, and
    NotAllowed without the patient's agreement.
    """
    check_scale("pain_0_10", pain_0_10)
    check_scale("readiness_0_10", readiness_0_10)
    when = min(done_at or now, now)
    day = on or local_day(when, patient.zone)
    content = {"on": on or (day if done_at else None), "pain": pain_0_10, "readiness": readiness_0_10, "signs": sorted(signs), "note": note}
    report: SymptomReport | None = None

    def store(digest: str) -> CheckIn:
        nonlocal report
        if not signs:  # a warning sign is taken from everybody
            need_consent(patient, by)
        check_day(day, patient=patient, now=now)
        facts = patient.caseload.facts
        after = note_morning_after(facts, day, pain_0_10)
        earlier = CheckIn.objects.filter(clinic_id=patient.clinic_id, patient=patient, on=day).first() if day_known(facts, day) else None
        if earlier is not None and client_key is not None:
            if earlier.client_key == client_key:
                raise Conflict(_("This entry was already sent."))
            if was_replaced(earlier, client_key, digest):
                return earlier
        if signs:
            report, _new = report_symptoms(
                patient=patient, signs=signs, context=SymptomReport.Context.CHECK_IN, by=by, now=now, refresh=False
            )
        values: dict[str, Any] = {
            "pain_0_10": pain_0_10,
            "readiness_0_10": readiness_0_10,
            "note": note.strip()[:2000],
            "is_settled": after,
            "done_at": when,
            "source": source,
            "entered_by": by,
            "client_key": client_key,
            "client_digest": digest,
        }
        if report is not None:
            values["symptoms"] = report
        if earlier is not None:
            if when < earlier.done_at:
                late = {"pain_0_10": pain_0_10, "readiness_0_10": readiness_0_10}
                standing = {name: getattr(earlier, name) for name in late}
                keep_correction(earlier, late, standing, reason="late", by=by, now=now, sent=(client_key, digest))
                return earlier
            row = replace_answers(earlier, values, by=by, now=now)
        else:
            row = CheckIn(clinic_id=patient.clinic_id, patient=patient, on=day, entered_at=now, **values)
            check_ins.write(row)
        if report is not None:
            refresh_entry(patient, now=now)
        else:
            note_check_in(patient, row, now=now)
        audit.record("checkin.log", row=row, by=by, at=now)
        return row

    try:
        row, _new = store_once(CheckIn, patient=patient, client_key=client_key, content=content, store=store)
    except IntegrityError:
        # Another device answered for the same day in this very moment, and the line read before did not know.
        patient.caseload = CaseloadEntry.objects.get(pk=patient.pk, clinic_id=patient.clinic_id)
        row, _new = store_once(CheckIn, patient=patient, client_key=client_key, content=content, store=store)
    return row, report or row.symptoms


def was_replaced(row: CheckIn, client_key: uuid.UUID, digest: str) -> bool:
    """Tell whether an entry with this key once stood in the row; raises Conflict when it had other content."""
    kept = Correction.objects.filter(clinic_id=row.clinic_id, patient_id=row.patient_id, object_id=row.pk, client_key=client_key).first()
    if kept is not None and kept.client_digest != digest:
        raise Conflict(_("This entry was already sent with other content. Nothing was overwritten."))
    return kept is not None


def day_known(facts: dict[str, Any], day: dt.date) -> bool:
    """Tell from the caseload line whether the day already has a check-in; days it does not reach back to are looked up."""
    series = facts.get("pain", [])
    text = day.isoformat()
    return any(one[0] == text for one in series) or bool(series) and text < str(series[0][0])


def note_morning_after(facts: dict[str, Any], day: dt.date, pain: int) -> bool | None:
    """Answer the 24-hour question: settled or not the morning after a session or run; None when there was none the day before."""
    before = day - dt.timedelta(days=1)
    trained = any(one[0] == before.isoformat() and one[1] in {"done", "partial"} for one in facts.get("sessions", []))
    trained = trained or any(one[0] == before.isoformat() for one in facts.get("runs", []))
    if not trained:
        return None
    mornings = [(dt.date.fromisoformat(one[0]), int(one[1])) for one in facts.get("pain", [])]
    day_before = next((value for on, value in mornings if on == before), None)
    return readiness.settling(pain, readiness.usual_morning_pain(mornings, day), day_before).is_settled


def replace_answers(row: CheckIn, values: dict[str, Any], *, by: Membership | None, now: dt.datetime) -> CheckIn:
    """Put new answers into a day's check-in and keep the old ones."""
    before = {name: getattr(row, name) for name in ("pain_0_10", "readiness_0_10", "note")}
    sent = (row.client_key, row.client_digest)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    after = {name: getattr(row, name) for name in before}
    if after != before or sent[0] is not None:
        keep_correction(row, before, after, reason="", by=by, now=now, sent=sent)
    return row


def keep_correction(
    row: CheckIn | SessionLog | Run,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    reason: str,
    by: Membership | None,
    now: dt.datetime,
    sent: tuple[uuid.UUID | None, str] = (None, ""),
) -> Correction:
    """Write down what an entry said before; `sent` is the key and digest under which those answers came, if they gave way to others."""
    changed = [name for name in before if before[name] != after[name]]
    return Correction.objects.create(
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        object_type=row._meta.model_name or "",
        object_id=row.pk,
        before={name: plain(before[name]) for name in changed},
        after={name: plain(after[name]) for name in changed},
        reason=reason.strip()[:500],
        corrected_by=by,
        corrected_at=now,
        client_key=sent[0],
        client_digest=sent[1],
    )


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: numbers with their decimals and names of rows as text."""
    return str(value) if isinstance(value, Decimal | models.Model) else value


@transaction.atomic
def correct_entry(*, row: CheckIn | SessionLog | Run, changes: dict[str, Any], by: Membership, now: dt.datetime, reason: str = "") -> None:
    """Correct a check-in, session log or run; the earlier values stay readable. Staff must give a reason.

    The numbers of a run that are no answers from 0 to 10 are checked by `correct_run`, which is what pages call.
    """
    names = CORRECTABLE[type(row)]
    unknown = set(changes) - set(names)
    if unknown:
        raise ValueError(f"not correctable: {sorted(unknown)}")
    if by.is_staff and not reason.strip():
        raise Invalid(fields={"reason": [_("Please say why you change this entry.")]})
    for name, value in changes.items():
        if name.endswith("_0_10"):
            check_scale(name, value, needed=not row._meta.get_field(name).null)
    before = {name: getattr(row, name) for name in changes}
    if before == changes:
        return
    for name, value in changes.items():
        setattr(row, name, value.strip()[:2000] if isinstance(value, str) else value)
    row.save(update_fields=list(changes))
    keep_correction(row, before, {name: getattr(row, name) for name in changes}, reason=reason, by=by, now=now)
    correct_twin(row, changes, reason=reason, by=by, now=now)
    audit.record("entry.correct", row=row, by=by, at=now, fields=sorted(changes))
    refresh_entry(row.patient, now=now)


def correct_twin(row: CheckIn | SessionLog | Run, changes: dict[str, Any], *, reason: str, by: Membership, now: dt.datetime) -> None:
    """Let the log of a run-walk session and its run say the same after one of them was corrected."""
    twin: SessionLog | Run | None = None
    names: dict[str, str] = {}
    if isinstance(row, Run) and row.session_id:
        twin = SessionLog.objects.filter(clinic_id=row.clinic_id, session_id=row.session_id).first()
        names = {theirs: ours for ours, theirs in SAME_ANSWERS.items()}
    elif isinstance(row, SessionLog):
        twin = Run.objects.filter(clinic_id=row.clinic_id, session_id=row.session_id).first()
        names = SAME_ANSWERS
    # A log may lose its pain, a run may not.
    shared = {names[name]: getattr(row, name) for name in changes if name in names}
    shared = {name: value for name, value in shared.items() if value is not None or isinstance(twin, SessionLog)}
    if twin is None or not shared:
        return
    before = {name: getattr(twin, name) for name in shared}
    for name, value in shared.items():
        setattr(twin, name, value)
    if before != shared:
        twin.save(update_fields=list(shared))
        keep_correction(twin, before, shared, reason=reason, by=by, now=now)
