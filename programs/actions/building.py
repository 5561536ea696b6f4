"""Building a clinic's own program: a draft changed step by step, published once, never changed after."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import Clinic, Membership
from clinics.transitions import advance
from programs.actions import approve_version
from programs.layout import rows_of_plan, whole_plan
from programs.models import DraftStep, Exercise, Prescription, Program, ProgramVersion, SessionPlan, Setting
from programs.rules.building import MOST_SESSIONS, MOST_WEEKS, Plan, problems_of, restored, set_length, stored
from programs.states import VERSION
from programs.wording import SHORT_NAMES

STEPS_KEPT = 40
"""How many steps back a draft can be undone."""
FOLLOW_UPS = (("month_3", 13), ("month_6", 26))
"""Weeks after the end of the measurements that follow a program, as in the trial of the shared programs."""
PROBLEMS: dict[str, Any] = {
    "empty_week": _("Week %(week)s has no session."),
    "too_many_days": _("Week %(week)s has more sessions than days."),
    "empty_session": _("Week %(week)s, %(place)s: a session needs at least one exercise in its main part."),
    "no_dose": _("Week %(week)s, %(place)s: %(exercise)s has no dose."),
    "unknown": _("%(exercise)s is not approved any more. Choose another exercise or approve it first."),
    "unapproved": _("%(exercise)s has not been approved yet."),
}
Change = Callable[[Plan], Plan]


@transaction.atomic
def start_program(
    *,
    clinic: Clinic,
    names: Mapping[str, str],
    kind: str,
    weeks: int,
    by: Membership,
    now: dt.datetime,
    base: ProgramVersion | None = None,
    code: str = "",
    plan: Plan | None = None,
) -> ProgramVersion:
    """Open a clinic's own program with its first draft: empty, as a copy of `base`, or with a `plan`.

    Raises Invalid for a program without a name or of no or too many weeks, NotAllowed for somebody of another clinic.
    """
    check_owner(clinic, by)
    given = texts_of(names)
    if not given:
        raise Invalid(fields={"name_en": [_("Please give the program a name.")]})
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(fields={"weeks": [_("A program has 1 to 52 weeks.")]})
    if base is not None and base.clinic_id not in {None, clinic.pk}:
        raise NotAllowed
    empty: Plan = dict.fromkeys(range(1, weeks + 1), ())
    content = plan if plan is not None else set_length(whole_plan(base), weeks) if base else empty
    if any(len(sessions) > MOST_SESSIONS for sessions in content.values()):
        raise Invalid(fields={"sessions": [_("A week has at most %(n)s kinds of session.") % {"n": MOST_SESSIONS}]})
    program = Program.objects.create(
        clinic=clinic,
        key=free_key(given["en"]),
        code=free_code(code or "".join(word[0] for word in given["en"].split())),
        kind=kind,
        origin=Program.Origin.CLINIC,
        names=given,
    )
    version = open_draft(program=program, base=base, number=1, weeks=weeks, plan=content, by=by, now=now)
    audit.record("program.create", row=version, by=by, at=now, base=str(base.pk) if base else "")
    return version


@transaction.atomic
def revise_program(*, program: Program, by: Membership, now: dt.datetime) -> ProgramVersion:
    """Return the draft of a clinic's own program, opened from its newest version if there is none; what is published stays."""
    check_own(program, by)
    newest = program.versions.order_by("-number").first()
    if newest is None or newest.status == ProgramVersion.Status.DRAFT:
        return newest or open_draft(program=program, base=None, number=1, weeks=8, plan={}, by=by, now=now)
    try:
        with transaction.atomic():
            return open_draft(
                program=program, base=newest, number=newest.number + 1, weeks=newest.weeks, plan=whole_plan(newest), by=by, now=now
            )
    except IntegrityError:  # somebody opened it a moment ago
        return ProgramVersion.objects.get(program=program, number=newest.number + 1)


def open_draft(
    *,
    program: Program,
    base: ProgramVersion | None,
    number: int,
    weeks: int,
    plan: Plan,
    by: Membership,
    now: dt.datetime,
    reason: str = "",
) -> ProgramVersion:
    """Create a draft with a plan; what a version says about itself comes from the base, a shared program's evidence does not."""
    own = base is not None and (base.program.clinic_id is not None or program.origin == Program.Origin.TAILORED)
    evidence: dict[str, Any] = dict(base.evidence) if base is not None and own else {}
    if base is not None and base.program_id != program.pk and program.origin == Program.Origin.CLINIC:
        evidence["after"] = {"names": base.program.names, "number": base.number, "is_shared": base.program.clinic_id is None}
    ends = weeks != (base.weeks if base else 0)
    version: ProgramVersion = ProgramVersion.objects.create(
        program=program,
        clinic=program.clinic,
        number=number,
        weeks=weeks,
        summary=base.summary if base else {},
        evidence=evidence,
        assessments=usual_assessments(weeks) if base is None or ends else base.assessments,
        checklist=base.checklist if base else [],
        forked_from=base,
        reason=reason,
        draft=stored(plan),
        changed_by=by,
        changed_at=now,
        created_at=now,
    )
    return version


def usual_assessments(weeks: int) -> list[dict[str, Any]]:
    """Return when a program is usually measured: start, middle, end, 3 and 6 months after."""
    weeks_of = {"baseline": 0, "middle": weeks // 2, "end": weeks, **{key: weeks + after for key, after in FOLLOW_UPS}}
    if weeks_of["middle"] < 1:
        del weeks_of["middle"]
    return [{"key": key, "week": week, "provenance": "default"} for key, week in weeks_of.items()]


# --- changing a draft ------------------------------------------------------------------------


@transaction.atomic
def change_draft(
    *,
    version: ProgramVersion,
    change: Change,
    revision: int,
    by: Membership,
    now: dt.datetime,
    names: Mapping[str, str] | None = None,
    **columns: Any,
) -> ProgramVersion:
    """Make one change of a draft that still has the revision it was seen in; names of the program and `columns` are set with it.

    A change that changes nothing stores nothing. Raises Conflict when somebody else changed, published or discarded the draft meanwhile.
    """
    check_owner(version.clinic, by)
    if revision != version.revision:
        raise Conflict(_("Somebody else has changed this draft in the meantime."))
    weeks = int(columns.get("weeks", version.weeks))
    after = stored(set_length(change(restored(version.draft, version.weeks)), weeks))
    if names and dict(names) != version.program.names:
        Program.objects.filter(pk=version.program_id).update(names=dict(names))
        version.program.names = dict(names)
    if after == version.draft and all(getattr(version, name) == value for name, value in columns.items()):
        return version
    before, length = version.draft, version.weeks
    write_draft(version, now=now, draft=after, changed_by=by, **columns)
    if after != before:
        DraftStep.objects.filter(version=version, revision__gte=revision).delete()
        DraftStep.objects.create(clinic=by.clinic, version=version, revision=revision, weeks=length, draft=before, changed_at=now)
        DraftStep.objects.filter(version=version, revision__lt=revision - STEPS_KEPT).delete()
    audit.record("program.change", row=version, by=by, at=now, revision=version.revision)
    return version


@transaction.atomic
def undo_draft(*, version: ProgramVersion, revision: int, by: Membership, now: dt.datetime) -> ProgramVersion:
    """Take back the last change of a draft; raises Conflict when it has another revision by now, or nothing to take back."""
    check_owner(version.clinic, by)
    step = DraftStep.objects.filter(version=version).order_by("-revision").first()
    if step is None or revision != version.revision:
        raise Conflict(_("Somebody else has changed this draft in the meantime."))
    write_draft(version, now=now, draft=step.draft, weeks=step.weeks, changed_by=by)
    step.delete()
    audit.record("program.change", row=version, by=by, at=now, revision=version.revision)
    return version


def write_draft(version: ProgramVersion, *, now: dt.datetime, **columns: Any) -> None:
    """Set columns of a draft and count its revision up; raises Conflict when it is another by now or no draft any more."""
    rows = ProgramVersion.objects.filter(pk=version.pk, revision=version.revision, status=ProgramVersion.Status.DRAFT)
    if rows.update(revision=version.revision + 1, changed_at=now, **columns) != 1:
        raise Conflict(_("Somebody else has changed this draft in the meantime."))
    for name, value in {**columns, "revision": version.revision + 1, "changed_at": now}.items():
        setattr(version, name, value)


def meanwhile(version: ProgramVersion, revision: int, names: Mapping[str, Mapping[str, str]]) -> Plan | None:
    """Return the draft as it was in an earlier revision, with the names of exercises by id; None when that is not known any more."""
    step = DraftStep.objects.filter(version=version, revision__gte=revision).order_by("revision").first()
    return restored(step.draft, step.weeks, names) if step is not None else None


@transaction.atomic
def discard_draft(*, version: ProgramVersion, by: Membership, now: dt.datetime) -> None:
    """Delete a draft, and its program when it was the only version; raises Conflict when it is published by now."""
    check_owner(version.clinic, by)
    audit.record("program.discard", row=version, by=by, at=now)
    program = version.program
    # Not by the row: only what is still a draft goes.
    if ProgramVersion.objects.filter(pk=version.pk, status=ProgramVersion.Status.DRAFT).delete()[0] == 0:
        raise Conflict(_("This was changed in the meantime. Please look at it again."))
    if not program.versions.exists():
        program.delete()


# --- publishing ------------------------------------------------------------------------------


def complaints(version: ProgramVersion, plan: Plan) -> list[str]:
    """Return what keeps a draft from being published, as sentences."""
    used = {line.exercise: line for sessions in plan.values() for session in sessions for line in session.lines}
    rows = Exercise.objects.filter(models.Q(clinic=None) | models.Q(clinic=version.clinic_id))
    known = {str(row.pk): row for row in rows.filter(pk__in=used).only("names", "clinic_id", "approved_at")}
    found: list[str] = []
    for what, week, (setting, _number), key in problems_of(plan):
        name = next((str(known[line.exercise]) for line in used.values() if line.key == key and line.exercise in known), key)
        place = Setting(setting).label if setting else ""
        found.append(str(PROBLEMS[what] % {"week": week, "place": place, "exercise": name}))
    for pk, line in used.items():
        row = known.get(pk)
        if row is None:
            found.append(str(PROBLEMS["unknown"] % {"exercise": line.key}))
        elif row.clinic_id is not None and row.approved_at is None:
            found.append(str(PROBLEMS["unapproved"] % {"exercise": row.name}))
    return list(dict.fromkeys(found))


@transaction.atomic
def publish_version(*, version: ProgramVersion, revision: int, by: Membership, now: dt.datetime, release: bool = False) -> ProgramVersion:
    """Freeze a draft: write its sessions and doses, retire the version before it, and with `release` let the clinic assign it.

    Running assignments keep the version they have. Raises Conflict for another revision, Invalid with every complaint.
    """
    check_own(version.program, by)
    if revision != version.revision:
        raise Conflict(_("Somebody else has changed this draft in the meantime."))
    plan = restored(version.draft, version.weeks)
    found = complaints(version, plan)
    if found:
        raise Invalid(fields={"plan": found})
    earlier = list(version.program.versions.published())
    freeze(version, plan, now=now)
    for one in earlier:
        advance(one, ProgramVersion.Status.RETIRED, table=VERSION, now=now)
    audit.record("program.publish", row=version, by=by, at=now, number=version.number)
    if release:
        approve_version(version=version, clinic=by.clinic, by=by, now=now)
    return version


def freeze(version: ProgramVersion, plan: Plan, *, now: dt.datetime) -> None:
    """Write a draft's plan as rows and publish it; raises Conflict when it is no draft any more."""
    plans, rows = rows_of_plan(version, plan)
    SessionPlan.objects.bulk_create(plans)
    Prescription.objects.bulk_create(rows)
    totals = {setting: busiest(plan, setting) for setting in Setting.values}
    advance(
        version,
        ProgramVersion.Status.PUBLISHED,
        table=VERSION,
        now=now,
        published_at=now,
        draft=[],
        revision=version.revision + 1,
        supervised_per_week=totals[Setting.SUPERVISED],
        home_per_week=totals[Setting.HOME],
    )
    DraftStep.objects.filter(version=version).delete()


def busiest(plan: Plan, setting: str) -> int:
    """Return the sessions of the busiest week in one place."""
    return max((sum(one.times_a_week for one in sessions if one.setting == setting) for sessions in plan.values()), default=0)


@transaction.atomic
def retire_version(*, version: ProgramVersion, by: Membership, now: dt.datetime) -> None:
    """Take a clinic's own published version out of use: nobody gets it any more, who has it keeps it. Raises Conflict."""
    check_own(version.program, by)
    advance(version, ProgramVersion.Status.RETIRED, table=VERSION, now=now)
    audit.record("program.retire", row=version, by=by, at=now, number=version.number)


# --- small parts -----------------------------------------------------------------------------


def check_owner(clinic: Clinic | None, by: Membership) -> None:
    """Refuse patients and people of another clinic; what is shared belongs to nobody."""
    if clinic is None or by.clinic_id != clinic.pk or by.is_patient:
        raise NotAllowed(_("Only your clinic's own programs can be changed."))


def check_own(program: Program, by: Membership) -> None:
    """Refuse what is not a clinic's own program."""
    check_owner(program.clinic, by)
    if program.origin != Program.Origin.CLINIC:
        raise NotAllowed(_("Only your clinic's own programs can be changed."))


def texts_of(given: Mapping[str, str]) -> dict[str, str]:
    """Return texts without empty ones, the English one filled from the other where it is missing; empty without any."""
    found = {language: text.strip() for language, text in given.items() if text and text.strip()}
    return {"en": next(iter(found.values())), **found} if found else {}


def free_key(name: str) -> str:
    """Return a key for a new row that nobody has."""
    return f"{slugify(name)[:40] or 'own'}-{uuid4().hex[:8]}"


def free_code(wanted: str) -> str:
    """Return a short code for charts; those of the shared programs stand for their trials and are not given away."""
    code = "".join(one for one in wanted.upper() if one.isalnum())[:7] or "P"
    return f"{code}1"[:8] if code in SHORT_NAMES else code
