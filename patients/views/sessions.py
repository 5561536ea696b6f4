"""One session: what it holds, the exercise on the screen, and what was done of it."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit
from clinics.errors import Conflict, DomainError, Message
from clinics.fields import parse_uuid
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.sessions import EARLIEST_BEFORE_DAYS, log_session
from patients.actions.stopping import stop_session
from patients.actions.tailoring import take_in_hand
from patients.day import Day, read_day
from patients.doses import SessionContent, form_text, hold_seconds, read_content, rest_seconds
from patients.forms.me import CheckInForm, ExerciseForm, SessionForm, SignsForm
from patients.models import ScheduledSession, SessionLog, SymptomReport
from patients.views.checkin import LIST, chosen
from patients.views.own import own_page
from programs.dose import dose_text, effort_text
from programs.models import Prescription, Setting

Status = ScheduledSession.Status
REFUSALS: dict[str, Message] = {
    "clinic": gettext_lazy("Your therapist enters what was done in the clinic."),
    "held": gettext_lazy("Training is on hold until your therapist has spoken with you."),
    "early": gettext_lazy("This session is still to come. You can move it to today."),
}

DOSE_PARTS = ("reps_low", "reps_high", "hold_seconds", "duration_seconds", "run_seconds", "walk_seconds", "per_side")


def own_session(request: MemberRequest, pk: uuid.UUID) -> ScheduledSession:
    """Return one's own session that still exists; 404 otherwise."""
    return get_visible(
        ScheduledSession.objects.exclude(status=Status.CANCELLED).select_related(
            "patient__clinic", "patient__caseload", "patient__therapist__user", "assignment__version__program", "session_plan", "log"
        ),
        request.member,
        pk=pk,
    )


def sent_session(request: MemberRequest, pk: uuid.UUID) -> ScheduledSession:
    """Return one's own session; of one that is sent in, with the plan that was on the screen, should it have changed since."""
    row = own_session(request, pk)
    if request.method == "POST":
        take_in_hand(row, parse_uuid(request.POST.get("plan")))
    return row


def log_of(session: ScheduledSession) -> SessionLog | None:
    """Return the session's log, None when nothing was logged."""
    return getattr(session, "log", None)


def obstacle(session: ScheduledSession, day: Day) -> str:
    """Say why the session cannot be logged by the patient now: "logged", "clinic", "held", "early"; empty when it can."""
    if log_of(session) is not None:
        return "logged"
    if session.setting == Setting.SUPERVISED:
        return "clinic"
    if day.is_held and session.on >= day.today:
        return "held"
    return "early" if (session.on - day.today).days > EARLIEST_BEFORE_DAYS else ""


@page("own.session", methods=("GET", "POST"))
def session(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what the session holds; the form on the page logs all of it as prescribed."""
    row = sent_session(request, pk)
    day = read_day(row.patient, now=timezone.now())
    if request.method != "POST":
        audit.record("session.view", row=row)
        return overview(request, row, day, SessionForm(initial={"on": row.on}))
    form = SessionForm(request.POST)
    if not form.is_valid():
        return overview(request, row, day, form, status=422)
    try:
        save_log(request, row, day, form, ())
    except DomainError as error:
        add_errors(form, error)
        return overview(request, own_session(request, pk), day, form, status=status_of(form, error))
    return redirect("patients:today")


def overview(request: MemberRequest, row: ScheduledSession, day: Day, form: SessionForm, *, status: int = 200) -> HttpResponse:
    """Render the overview of a session."""
    content = read_content(row)
    log = log_of(row)
    context: dict[str, Any] = {
        "session": row,
        "patient": row.patient,
        "clinic": row.patient.clinic,
        "day": day,
        "content": content,
        "parts": [(one, form_text(one)) for one in content.main],
        "obstacle": obstacle(row, day),
        "is_run_walk": len(content.main) == 1 and bool(content.main[0].run_seconds),
        "form": form,
        "log": log,
        "done": log.exercises.select_related("prescription__exercise").order_by("position") if log else (),
    }
    return own_page(request, "session", context, status=status)


@page("own.session", methods=("GET", "POST"))
def session_play(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Carry through the session one exercise a screen; without scripts the same form stands on one page."""
    row = sent_session(request, pk)
    day = read_day(row.patient, now=timezone.now())
    if request.method != "POST" and obstacle(row, day):
        return redirect("patients:session", row.pk)
    content = read_content(row)
    if request.method != "POST":
        audit.record("session.view", row=row)
        return player(request, row, day, content, SessionForm(initial={"on": row.on}), exercise_forms(content))
    form, exercises = SessionForm(request.POST), exercise_forms(content, request.POST)
    if not all([form.is_valid(), *(one.is_valid() for one in exercises)]):
        return player(request, row, day, content, form, exercises, status=422)
    try:
        save_log(request, row, day, form, exercises)
    except DomainError as error:
        add_errors(form, error)
        return player(request, row, day, content, form, exercises, status=status_of(form, error))
    return redirect("patients:today")


def save_log(request: MemberRequest, row: ScheduledSession, day: Day, form: SessionForm, exercises: Sequence[ExerciseForm]) -> None:
    """Log the session; a past one counts for its own day unless another was entered. Raises what the action raises.

    What the page does not offer is refused here as well: sessions in the clinic, on hold, or days away.
    """
    why = obstacle(row, day)
    if why in REFUSALS:
        raise Conflict(REFUSALS[why])
    now, answers = timezone.now(), form.answers()
    answers["done_at"] = answers["done_at"] or now
    if row.on >= day.today:
        answers["on"] = None
    elif answers["on"] is None:
        answers["on"] = row.on
    whole = all(one.is_as_prescribed for one in exercises)
    log, _new = log_session(
        session=row,
        by=request.member,
        now=now,
        as_prescribed=whole,
        exercises=() if whole else [one.done() for one in exercises],
        **answers,
    )
    amber = row.patient.clinic.pain_amber_max
    if log.pain_during_0_10 is not None and log.pain_during_0_10 > amber:
        messages.success(request, _("Saved. Your therapist sees that it hurt more than %(limit)s.") % {"limit": amber})
    else:
        messages.success(request, _("Session saved. Thank you."))


def exercise_forms(content: SessionContent, data: Any = None, *, assume_done: bool = True) -> list[ExerciseForm]:
    """Return one form for each main exercise."""
    return [ExerciseForm(data, prescription=one, assume_done=assume_done) for one in content.main]


def player(
    request: MemberRequest,
    row: ScheduledSession,
    day: Day,
    content: SessionContent,
    form: SessionForm,
    exercises: Sequence[ExerciseForm],
    *,
    status: int = 200,
) -> HttpResponse:
    """Render the player."""
    steps = [step_of(one, following) for one, following in zip(exercises, [*exercises[1:], None], strict=True)]
    context = {
        "session": row,
        "patient": row.patient,
        "clinic": row.patient.clinic,
        "day": day,
        "content": content,
        "form": form,
        "steps": steps,
        "has_errors": status == 422 or status == 409,
    }
    return own_page(request, "session_play", context, status=status)


def step_of(form: ExerciseForm, following: ExerciseForm | None) -> dict[str, Any]:
    """Return what the player shows of one exercise."""
    one = form.prescription
    return {
        "form": form,
        "prescription": one,
        "exercise": one.exercise,
        "dose": dose_text(one),
        "each": each_text(one),
        "one_set": dose_text(single_set(one)),
        "form_text": form_text(one),
        "hold": hold_seconds(one),
        "rest": rest_seconds(one),
        "sides": 2 if one.per_side and hold_seconds(one) else 1,
        "is_interval": bool(one.run_seconds),
        "effort": effort_text(one.effort_low, one.effort_high),
        "sets": range(1, one.sets + 1),
        "following": following.prescription if following else None,
        "following_dose": dose_text(following.prescription) if following else "",
    }


def single_set(one: Prescription) -> Prescription:
    """Return the dose of one set, not to be saved."""
    single = Prescription(**{name: getattr(one, name) for name in DOSE_PARTS})
    single.sets = 1
    return single


def each_text(one: Prescription) -> str:
    """Return what one set is, for its chip: the dose of a single set."""
    if one.hold_seconds or one.run_seconds or one.duration_seconds:
        single = single_set(one)
        single.per_side = False
        single.walk_seconds = None
        return dose_text(single)
    return f"{one.reps_low}–{one.reps_high}" if one.reps_low and one.reps_low != one.reps_high else str(one.reps_high or "")


@page("own.session", methods=("GET", "POST"))
def session_stop(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask what was felt; end the session with what was done, and report the signs."""
    row = sent_session(request, pk)
    if row.setting == Setting.SUPERVISED:
        raise Http404
    day = read_day(row.patient, now=timezone.now())
    content = read_content(row)
    answer = request.POST.get("answer", "")
    posted = request.POST if answer or request.POST.get("player") else None
    exercises = exercise_forms(content, posted, assume_done=False)
    if answer not in {LIST, CheckInForm.NONE}:
        audit.record("session.view", row=row)
        return stop_page(request, row, SignsForm(context=SymptomReport.Context.SESSION), SessionForm(needs_pain=False), exercises)
    signs = SignsForm(request.POST, context=SymptomReport.Context.SESSION)
    form = SessionForm(request.POST, needs_pain=False)
    valid = all([form.is_valid(), signs.is_valid(), *(one.is_valid() for one in exercises)])
    reported = signs.is_valid() and answer == LIST
    if not valid or reported and not chosen(signs):
        return stop_page(request, row, signs, form, exercises, status=422)
    now, answers = timezone.now(), form.answers()
    answers["done_at"] = answers["done_at"] or now
    try:
        _log, report = stop_session(
            session=row,
            signs=signs.cleaned_data["signs"] if reported else (),
            exercises=[one.done() for one in exercises] if any(one.done().sets_done for one in exercises) else (),
            by=request.member,
            now=now,
            **{**answers, "on": row.on if row.on < day.today else None},
        )
    except DomainError as error:
        add_errors(form, error)
        return stop_page(request, row, signs, form, exercises, status=status_of(form, error))
    if report is not None:
        return redirect("patients:stop", report.pk)
    messages.success(request, _("Session ended. What you did is saved, and your therapist sees it."))
    return redirect("patients:today")


def stop_page(
    request: MemberRequest,
    row: ScheduledSession,
    signs: SignsForm,
    form: SessionForm,
    exercises: Sequence[ExerciseForm],
    *,
    status: int = 200,
) -> HttpResponse:
    """Render the list of signs that ends a session."""
    context = {"session": row, "patient": row.patient, "form": signs, "feel": form, "exercises": exercises}
    return own_page(request, "session_stop", context, status=status)
