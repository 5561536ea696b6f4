"""What a letter to the referring doctor says: sentences made by rules from the record, in the active language, nothing beyond it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Value, When
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinics.localtime import local_day
from clinics.models import Membership
from patients.charts import Series, Trajectory, trajectory_sentence
from patients.charts.words import number
from patients.models import Assessment, Assignment, CheckIn, Patient, Pause, Run, ScheduledSession, SymptomReport
from patients.models.assignment import RUNNING
from patients.reached import Measure, measure_of
from patients.reasons import SIGN_NAMES
from patients.rules import adherence, letters, schedule, trajectory
from patients.rules.letters import Part, Trial
from patients.rules.scores import Beyond, Direction, Instrument
from programs.models import Exercise, Prescription, Program

REPORTS_TOLD = 20
EXERCISES_TOLD = 12
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a letter is made from; `assignment` is the running or the last program, None without one."""

    patient: Patient
    by: Membership
    today: dt.date
    assignment: Assignment | None
    sessions: Sequence[ScheduledSession]
    exercises: Sequence[Exercise]
    pauses: Sequence[Pause]
    runs: Sequence[Run]
    check_ins: Sequence[CheckIn]
    assessments: Sequence[Assessment]
    reports: Sequence[SymptomReport]
    trial: Trial | None

    @property
    def week(self) -> int | None:
        """The program week it is; None before and after."""
        if self.assignment is None:
            return None
        days = [(one.week, one.on) for one in self.sessions]
        return schedule.current_week(self.assignment.starts_on, self.assignment.version.weeks, days, self.today)


def read_facts(patient: Patient, *, by: Membership, now: dt.datetime) -> Facts:
    """Read what `by` may see of a patient (clinic loaded), in a fixed number of queries."""
    own = {"patient": patient}
    order = Case(When(status__in=RUNNING, then=Value(0)), default=Value(1))
    given = Assignment.objects.visible_to(by).filter(**own).exclude(status=Assignment.Status.WITHDRAWN)
    assignment = given.select_related("version__program", "version__forked_from__program").order_by(order, "-created_at").first()
    today = local_day(now, patient.zone)
    since = assignment.starts_on if assignment else today - dt.timedelta(days=60)
    sessions: list[ScheduledSession] = []
    if assignment is not None:
        rows = ScheduledSession.objects.visible_to(by).filter(assignment=assignment).select_related("session_plan")
        sessions = list(rows.exclude(status=ScheduledSession.Status.CANCELLED).order_by("on"))
    return Facts(
        patient=patient,
        by=by,
        today=today,
        assignment=assignment,
        sessions=sessions,
        exercises=exercises_of(assignment, sessions, today, by),
        pauses=list(Pause.objects.visible_to(by).filter(**own, assignment=assignment, cancelled_at=None).order_by("from_on")),
        runs=list(Run.objects.visible_to(by).filter(**own, on__gte=since).order_by("on")),
        check_ins=list(CheckIn.objects.visible_to(by).filter(**own, on__gte=since).order_by("on")),
        assessments=list(Assessment.objects.visible_to(by).filter(**own, assignment=assignment).order_by("due_on")),
        reports=list(SymptomReport.objects.visible_to(by).filter(**own).select_related("cleared_by__user").order_by("reported_at")),
        trial=trial_behind(assignment),
    )


def trial_behind(assignment: Assignment | None) -> Trial | None:
    """Return the trial a program follows: the library's own, also when it was adapted to the patient; a clinic's own program has none."""
    if assignment is None:
        return None
    version = assignment.version
    # A plan may have been changed many times; each change was made from the one before.
    while version.program.origin == Program.Origin.TAILORED and version.forked_from is not None:
        version = version.forked_from
    return letters.trial_of(version.program.code, is_library=version.program.origin == Program.Origin.LIBRARY)


def exercises_of(assignment: Assignment | None, sessions: Sequence[ScheduledSession], today: dt.date, by: Membership) -> list[Exercise]:
    """Return the main exercises of the sessions of the running week, of the last one before, or of the first one, in their order."""
    if assignment is None or not sessions:
        return []
    near = [one for one in sessions if one.on <= today] or list(sessions)[:1]
    last = near[-1].week
    plans = {one.session_plan_id for one in sessions if one.week == last}
    rows = Prescription.objects.visible_to(by).filter(session_plan__in=plans, block=Prescription.Block.MAIN).select_related("exercise")
    found: dict[Any, Exercise] = {}
    for one in rows.order_by("session_plan__position", "position"):
        found.setdefault(one.exercise_id, one.exercise)
    return list(found.values())[:EXERCISES_TOLD]


# --- the letter ---------------------------------------------------------------------------


def letter_content(
    facts: Facts,
    *,
    recipient_name: str,
    recipient_address: str = "",
    parts: Sequence[str],
    findings: str = "",
    outlook: str = "",
) -> Content:
    """Return the letter in the active language: head, sections of paragraphs, lists, table and figure, and the closing."""
    chosen = letters.in_order(parts)
    sections = [WRITERS[part](facts) for part in chosen]
    if findings.strip():
        sections.append(section(Part.FINDINGS, _("Findings and remarks"), letters.paragraphs(findings)))
    coming = outlook_of(facts) if Part.PROGRAM in chosen else []
    if coming or outlook.strip():
        sections.append(section(Part.OUTLOOK, _("Outlook"), [*letters.paragraphs(outlook), *coming]))
    patient, clinic = facts.patient, facts.patient.clinic
    born = date_format(patient.born_on, "DATE_FORMAT") if patient.born_on else ""
    name = patient.full_name
    return {
        "clinic": {"name": clinic.name, "address": clinic.address, "phone": clinic.phone},
        "recipient": [recipient_name, *(line.strip() for line in recipient_address.splitlines() if line.strip())],
        "day": date_format(facts.today, "DATE_FORMAT"),
        "subject": _("Physiotherapy report: %(name)s") % {"name": name},
        "about": _("%(name)s, born %(day)s") % {"name": name, "day": born} if born else name,
        "greeting": _("Dear %(name)s,") % {"name": recipient_name},
        "sections": sections,
        "closing": _("Kind regards"),
        "signed": str(facts.by),
        "role": _("Physiotherapy, %(clinic)s") % {"clinic": clinic.name},
    }


def section(part: Part, heading: str, paragraphs: Sequence[str], **more: Any) -> Content:
    """Return one part of the letter."""
    return {"part": part.value, "heading": heading, "paragraphs": list(paragraphs), **more}


def day_of(on: dt.date) -> str:
    """Write a day with its year: "9 February 2026"."""
    return date_format(on, "DATE_FORMAT")


# --- program ------------------------------------------------------------------------------


def write_program(facts: Facts) -> Content:
    """Say which program, how long, where it stands, and what it follows."""
    heading = _("Treatment")
    assignment = facts.assignment
    if assignment is None:
        return section(Part.PROGRAM, heading, [_("No program has been given yet.")])
    version = assignment.version
    values: dict[str, Any] = {"program": version.program.name, "weeks": version.weeks}
    first = ngettext("Program: %(program)s, %(weeks)s week", "Program: %(program)s, %(weeks)s weeks", version.weeks) % values
    often = []
    if version.supervised_per_week:
        often.append(_("%(n)s × a week in the clinic") % {"n": version.supervised_per_week})
    if version.home_per_week:
        often.append(_("%(n)s × a week at home") % {"n": version.home_per_week})
    sentences = [f"{', '.join([first, *often])}.", standing_text(facts, assignment)]
    if assignment.tailored_on is not None:
        sentences.append(_("The plan was adapted to the patient, last from %(day)s.") % {"day": day_of(assignment.tailored_on)})
    if facts.pauses:
        days = [_("%(first)s to %(last)s") % {"first": day_of(one.from_on), "last": day_of(one.to_on)} for one in facts.pauses]
        sentences.append(_("Paused: %(days)s.") % {"days": "; ".join(days)})
    paragraphs = [" ".join(sentences)]
    if facts.exercises:
        paragraphs.append(_("Exercises of the week: %(names)s.") % {"names": "; ".join(one.name for one in facts.exercises)})
    if facts.trial is not None:
        paragraphs.append(trial_text(facts.trial))
    return section(Part.PROGRAM, heading, paragraphs)


def standing_text(facts: Facts, assignment: Assignment) -> str:
    """Say where the program stands."""
    starts, ends = day_of(assignment.starts_on), day_of(assignment.ends_on)
    if assignment.status == Assignment.Status.COMPLETED:
        return _("It ran from %(first)s to %(last)s and is completed.") % {"first": starts, "last": ends}
    if assignment.status == Assignment.Status.ENDED:
        text = _("It began on %(day)s and was ended early (%(how)s).")
        return text % {"day": starts, "how": assignment.get_end_outcome_display() or _("no reason given")}
    if facts.today < assignment.starts_on:
        text = _("It begins on %(day)s.") % {"day": starts}
    elif facts.week is None:
        text = _("It began on %(day)s; the last week is over.") % {"day": starts}
    else:
        text = _("It began on %(day)s and is in week %(n)s of %(weeks)s.")
        text %= {"day": starts, "n": facts.week, "weeks": assignment.version.weeks}
    if assignment.status == Assignment.Status.HELD:
        text += " " + _("It is on hold at present.")
    return text


def trial_text(trial: Trial) -> str:
    """Say which trial a program is modelled on, and what of it is not the trial's."""
    if trial == Trial.ASTEROID:
        return _(
            "The program is modelled on the run-walk training of a randomised trial (Neason and others 2025, ASTEROID). "
            "The steps between its first and last interval were not published; they are ours."
        )
    return _(
        "The program is modelled on one of the three exercise groups of a randomised trial (Cai, Yang, Kong 2017). "
        "Pain fell alike in all three; the trial had no untreated group. Sets, repetitions and loads were not published; they are ours."
    )


# --- adherence ----------------------------------------------------------------------------


def write_adherence(facts: Facts) -> Content:
    """Say how many of the sessions due were done, by place, and what was run."""
    counted = adherence.adherence(session_facts(facts.sessions), facts.today)
    paragraphs = []
    if counted.due:
        values = {"done": number(counted.done), "due": counted.due, "percent": counted.percent}
        text = ngettext(
            "Of %(due)s session due so far, %(done)s was done (%(percent)s %%).",
            "Of %(due)s sessions due so far, %(done)s were done (%(percent)s %%).",
            counted.due,
        )
        rule = _("What was done in part counts by its share; days of a pause do not count.")
        paragraphs.append(f"{text % values}{places_text(facts)} {rule}")
    else:
        paragraphs.append(_("No session has been due yet."))
    measured = [float(one.distance_km) for one in facts.runs if one.distance_km is not None]
    if facts.runs:
        text = ngettext("%(n)s run was entered.", "%(n)s runs were entered.", len(facts.runs)) % {"n": len(facts.runs)}
        if measured:
            text += " " + _("The longest was %(km)s km.") % {"km": number_format(round(max(measured), 1))}
        paragraphs.append(text)
    return section(Part.ADHERENCE, _("Training done"), paragraphs)


def places_text(facts: Facts) -> str:
    """Say what was done in the clinic and at home, where both were due."""
    by_place = adherence.adherence_by_setting(session_facts(facts.sessions), facts.today)
    clinic, home = by_place[schedule.Setting.SUPERVISED], by_place[schedule.Setting.HOME]
    if not clinic.due or not home.due:
        return ""
    values = {"a": number(clinic.done), "b": clinic.due, "c": number(home.done), "d": home.due}
    return " " + _("In the clinic: %(a)s of %(b)s; at home: %(c)s of %(d)s.") % values


def session_facts(sessions: Sequence[ScheduledSession]) -> list[adherence.SessionFact]:
    """Turn sessions into what the counting rules read."""
    return [
        adherence.SessionFact(
            on=one.on,
            state=adherence.SessionState(one.status),
            setting=schedule.Setting(one.setting),
            week=one.week,
            share=one.done_share if one.status == ScheduledSession.Status.PARTIAL else 0.0,
        )
        for one in sessions
    ]


# --- course -------------------------------------------------------------------------------


def write_course(facts: Facts) -> Content:
    """Give every measurement, the change from first to last with its meaning, and the figure; nothing about what caused it."""
    heading = _("Pain and running capability")
    done = [one for one in facts.assessments if one.status == Assessment.Status.DONE]
    paragraphs = [*check_in_text(facts)]
    if facts.assignment is None or not done:
        return section(Part.COURSE, heading, [_("No measurement has been answered yet."), *paragraphs])
    measures = [
        measure_of("pain", Instrument.NPRS_RUN, "running_pain_0_10", done),
        measure_of("capability", Instrument.PSFS_RUN, "running_capability_0_10", done),
    ]
    changes = [measure_text(one) for one in measures if one is not None]
    if not changes:
        changes = [_("So far there is one measurement only, so no change can be given.")]
    if facts.patient.running_described:
        changes.append(
            _("The run this is about, in the patient's words: %(words)s.") % {"words": facts.patient.running_described.rstrip(". ")}
        )
    table = {
        "heads": [_("Measurement"), _("Day"), _("Worst pain when running"), _("Running capability")],
        "rows": [
            [
                str(one.get_key_display()),
                day_of(local_day(one.done_at, facts.patient.zone)) if one.done_at else "",
                _("no run that week") if one.no_run_this_week else str(one.running_pain_0_10),
                str(one.running_capability_0_10),
            ]
            for one in done
        ],
    }
    scales = _(
        "Pain: numeric rating scale (NPRS), 0 no pain to 10 worst pain. Running capability: patient-specific functional scale (PSFS), "
        "one activity, 0 unable to 10 as before."
    )
    limits = _("These numbers describe one person's course. They do not show what it was due to.")
    figure = figure_of(facts, facts.assignment, done)
    return section(Part.COURSE, heading, [*changes, *paragraphs], table=table, figure=figure, notes=[scales, limits])


def measure_text(one: Measure) -> str:
    """Say how one measure went from its first to its last answer, and what a change of that size means for one person."""
    meaning = one.meaning
    values: dict[str, Any] = {"a": one.first, "b": one.last, "size": abs(meaning.delta), "percent": abs(meaning.percent or 0)}
    is_pain = one.kind == "pain"
    name = _("Worst pain when running") if is_pain else _("Running capability")
    if meaning.direction == Direction.SAME:
        return _("%(name)s: unchanged at %(a)s.") % {**values, "name": name}
    better = meaning.direction == Direction.BETTER
    points = ngettext("%(size)s point", "%(size)s points", values["size"]) % values
    size = (
        _("%(points)s, %(percent)s %% of the start") % {"points": points, **values} if is_pain and meaning.percent is not None else points
    )
    way = _("%(name)s: from %(a)s to %(b)s, better by %(size)s.") if better else _("%(name)s: from %(a)s to %(b)s, worse by %(size)s.")
    return f"{way % {**values, 'name': name, 'size': size}} {_meaning_text(meaning.beyond, is_pain=is_pain)}"


def _meaning_text(beyond: Beyond, *, is_pain: bool) -> str:
    """Return the sentence on the size of a change (2 points or 30 %; single PSFS item: 2 likely worthwhile, 3 beyond the error)."""
    if is_pain:
        if beyond == Beyond.NONE:
            return _("This is less than 2 points or 30 %, from which on a change matters to most people.")
        return _("From 2 points or 30 % on, a change matters to most people.")
    if beyond == Beyond.NONE:
        return _("This is less than 2 points and may be measurement error.")
    if beyond == Beyond.LIKELY_WORTHWHILE:
        return _(
            "2 points are likely to matter to the person; "
            "only from 3 points on is a change of this single item beyond its measurement error."
        )
    return _("From 3 points on, a change of this single item is beyond its measurement error.")


def check_in_text(facts: Facts) -> list[str]:
    """Say what the daily check-ins gave for back pain: the mean of the first and of the last week; empty with less than two weeks."""
    if facts.assignment is None:
        return []
    means = trajectory.weekly_means([(one.on, one.pain_0_10) for one in facts.check_ins], facts.assignment.starts_on)
    if len(means) < 2:
        return []
    values = {"a": number(means[0].mean), "m": means[0].week, "b": number(means[-1].mean), "n": means[-1].week}
    return [_("Back pain in the daily check-ins (0 to 10): mean %(a)s in week %(m)s, %(b)s in week %(n)s.") % values]


def figure_of(facts: Facts, assignment: Assignment, done: Sequence[Assessment]) -> Content | None:
    """Return the figure as plain numbers; None with fewer than two measurements."""
    if len(done) < 2:
        return None

    def points(name: str) -> list[tuple[float, int]]:
        found = []
        for one in done:
            value = getattr(one, name)
            if value is not None and one.done_at is not None:
                days = (local_day(one.done_at, facts.patient.zone) - assignment.starts_on).days
                found.append((max(0.0, round(days / 7, 2)), value))
        return found

    weeks = max(assignment.version.weeks, -(-((assignment.ends_on - assignment.starts_on).days + 1) // 7))
    later = sorted({round((one.due_on - assignment.starts_on).days / 7) for one in done if one.week > assignment.version.weeks})
    figure: Content = {
        "weeks": weeks,
        "follow_ups": [week for week in later if week > weeks],
        "series": [
            {"key": "pain", "label": _("Worst pain when running (NPRS)"), "points": points("running_pain_0_10")},
            {"key": "func", "label": _("Running capability (PSFS)"), "points": points("running_capability_0_10")},
        ],
    }
    return {**figure, "sentence": trajectory_sentence(trajectory_from(figure)), "axis": _("Weeks since the start")}


def trajectory_from(figure: Content) -> Trajectory:
    """Return the chart that a stored figure stands for."""
    series = [Series(one["key"], [(week, value) for week, value in one["points"]], one["label"]) for one in figure["series"]]
    return Trajectory(series=series, weeks=figure["weeks"], follow_ups=figure["follow_ups"])


# --- warning signs ------------------------------------------------------------------------


def write_signs(facts: Facts) -> Content:
    """List what was reported and how it was cleared, the latest of many; and say so when there was nothing."""
    heading = _("Warning signs")
    told = [one for one in facts.reports if one.signs][-REPORTS_TOLD:]
    if not facts.reports:
        return section(Part.SIGNS, heading, [_("No symptom check has been answered yet.")])
    if not told:
        return section(Part.SIGNS, heading, [_("No warning sign was reported in the symptom checks.")])
    return section(Part.SIGNS, heading, [], entries=[report_text(one, facts.patient.zone) for one in told])


def report_text(one: SymptomReport, zone: str) -> str:
    """Say what was reported on a day, what the rules made of it, and what became of it."""
    signs = "; ".join(str(SIGN_NAMES.get(sign, sign)) for sign in one.signs)
    values = {"day": day_of(local_day(one.reported_at, zone)), "signs": signs, "level": one.get_level_display()}
    text = _("%(day)s: %(signs)s (%(level)s).") % values
    if one.status == SymptomReport.Status.CLEARED and one.cleared_at is not None:
        cleared = {"day": day_of(local_day(one.cleared_at, zone)), "who": one.cleared_by or "–", "note": one.clearance_note}
        return text + " " + _("Cleared on %(day)s by %(who)s: %(note)s") % cleared
    if one.status == SymptomReport.Status.WITHDRAWN:
        return text + " " + _("Taken back by the patient; not cleared yet.")
    return text + " " + _("Not cleared yet.")


# --- outlook ------------------------------------------------------------------------------


def outlook_of(facts: Facts) -> list[str]:
    """Say until when the program goes and when the next measurement is due; empty when nothing is to come."""
    found = []
    assignment = facts.assignment
    if assignment is not None and assignment.status in RUNNING and facts.today <= assignment.ends_on:
        found.append(_("The program is planned until %(day)s.") % {"day": day_of(assignment.ends_on)})
    coming = [one for one in facts.assessments if one.status == Assessment.Status.PLANNED and one.due_on >= facts.today]
    if coming:
        found.append(_("The next measurement is due on %(day)s.") % {"day": day_of(coming[0].due_on)})
    return [" ".join(found)] if found else []


WRITERS = {Part.PROGRAM: write_program, Part.ADHERENCE: write_adherence, Part.COURSE: write_course, Part.SIGNS: write_signs}
