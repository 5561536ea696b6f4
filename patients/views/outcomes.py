"""How the programs of a clinic turn out: the page of figures, and the model that is calculated on request."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit
from clinics.jobs import start_job
from clinics.models import Job, Membership, Role
from clinics.permissions import allows
from clinics.web import MemberRequest, get_visible, page, today_of
from patients.actions.outcomes_model import KIND, Problem, is_installed, model_params
from patients.charts.multiples import program_mark, signed
from patients.figures import Selection, figures_of, left_out_text, people_in, shown
from patients.forms.outcomes import OutcomesFilter
from patients.outcomes import NOBODY, Population, read_population
from patients.rules.scores import Instrument
from patients.rules.trajectory import SLOPES
from patients.views.outcome_cards import (
    MEASURES,
    detail_of,
    end_row,
    ending_row,
    hidden_text,
    name_of,
    panels_of,
    points_range,
)
from programs.models import Program
from programs.wording import short_name

TITLES = {
    Instrument.PSFS_RUN: gettext_lazy("Running capability (PSFS), mean change from the start"),
    Instrument.NPRS_RUN: gettext_lazy("Worst pain when running (NPRS), mean change from the start"),
}
PROBLEMS = {
    Problem.FEW: gettext_lazy("Not calculated: it needs at least five people in a program, each with two assessments or more."),
    Problem.CONSTANT: gettext_lazy("Not calculated: the answers have no spread, so nothing tells how uncertain an estimate would be."),
    Problem.SINGULAR: gettext_lazy("Not calculated: the answers of a program were all given at one time, so that no course can be told."),
    Problem.UNCONVERGED: gettext_lazy("Not calculated: the estimation did not settle. It may with more people or a longer period."),
}


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One program in the model: its slope, its difference from the first program, and what was published of both; texts."""

    name: str
    mark: SafeString
    n: int
    slope: str
    slope_range: str
    difference: str
    difference_range: str
    meaning: str
    published: str


@dataclass(frozen=True, slots=True)
class ModelPart:
    """The model of one measure: rows, or the problem in words."""

    title: str
    rows: list[ModelRow]
    first: str
    people: int
    answers: int
    small: str
    problem: str


@page("outcomes.view")
def outcomes(request: MemberRequest) -> HttpResponse:
    """Show the figures of every program; the filters stand in the address, only managers choose a therapist."""
    member = request.member
    population = read_population(member, today=today_of(member.clinic))
    years = population.years or (today_of(member.clinic).year,) * 2
    form = OutcomesFilter(request.GET, years=years, therapists=therapists_of(member, population))
    selection = form.selection()
    figures = figures_of(population, selection)
    told = shown(figures)
    job = last_model(member, selection)
    audit.record("outcomes.view", clinic_id=member.clinic_id, first=selection.first, last=selection.last, therapist=selection.therapist)
    context = {
        "form": form,
        "selection": selection,
        "years": range(years[0], years[1] + 1),
        "people": people_in(population, told, selection),
        "rows": [(title, panels_of(told, one)) for one, title in TITLES.items()],
        "ends": [end_row(one) for one in told],
        "details": [detail_of(one) for one in told],
        "endings": [ending_row(one, one.ending) for one in told if one.ending],
        "hidden": [(name_of(one.line), hidden_text(one, by_therapist=bool(selection.therapist))) for one in figures if not one.started.may],
        "left_out": left_out_text(population.left_out),
        "therapist_name": form.therapist_name(selection),
        "can_export": allows(member, "outcomes.export"),
        "is_installed": is_installed(),
        "job": job,
        "parts": parts_of(job, member) if job else [],
    }
    return render(request, "patients/outcomes.html", context)


def therapists_of(member: Membership, population: Population) -> list[tuple[str, str]]:
    """Return the therapists of the people counted, for a manager to choose from; nobody else may."""
    if member.role != Role.MANAGER:
        return []
    keys = {course.therapist for course in population.courses} - {NOBODY}
    rows = Membership.objects.visible_to(member).filter(pk__in=keys).select_related("user")
    return sorted(((str(row.pk), str(row)) for row in rows), key=lambda one: one[1])


@page("outcomes.model", methods=("POST",))
def model_start(request: MemberRequest) -> HttpResponse:
    """Start the calculation of the model for what is chosen; one that is under way is shown instead of a second one."""
    member = request.member
    if not is_installed():
        return redirect("patients:outcomes")
    population = read_population(member, today=today_of(member.clinic))
    years = population.years or (today_of(member.clinic).year,) * 2
    form = OutcomesFilter(request.POST, years=years, therapists=therapists_of(member, population))
    params = model_params(form.selection())
    same = Job.objects.visible_to(member).filter(kind=KIND, params=params, status__in=[Job.Status.WAITING, Job.Status.RUNNING])
    job = same.first() or start_job(KIND, by=member, params=params, now=timezone.now())
    return redirect("clinics:job", pk=job.pk)


@page("outcomes.model")
def model(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what the model says; one of a chosen therapist is for managers."""
    member = request.member
    job = get_visible(Job.objects.filter(kind=KIND), member, pk=pk)
    chosen = job.params.get("therapist")
    if chosen and member.role != Role.MANAGER:
        raise Http404
    audit.record("outcomes.model", row=job)
    query = urlencode({name: value for name, value in job.params.items() if value})
    context = {"job": job, "parts": parts_of(job, member), "back": f"{reverse('patients:outcomes')}?{query}"}
    return render(request, "patients/outcomes_model.html", context)


def last_model(member: Membership, selection: Selection) -> Job | None:
    """Return the latest model of the same choice, if there is one."""
    rows = Job.objects.visible_to(member).filter(kind=KIND, status=Job.Status.DONE, params=model_params(selection))
    found: Job | None = rows.order_by("-created_at").first()
    return found


def parts_of(job: Job, member: Membership) -> list[ModelPart]:
    """Return what a model says of each measure, every text ready."""
    measures: dict[str, Any] = job.result.get("measures", {})
    keys = {one["program"] for measure in measures.values() for one in measure["groups"]} | {
        key for measure in measures.values() for key in measure["small"]
    }
    names = {
        str(row.pk): short_name(row.code) if row.origin == Program.Origin.LIBRARY else row.name
        for row in Program.objects.visible_to(member).filter(pk__in=keys)
    }
    return [part_of(one, measures[one.value], names) for one in MEASURES if one.value in measures]


def part_of(instrument: Instrument, measure: dict[str, Any], names: dict[str, str]) -> ModelPart:
    """Return the model of one measure."""
    groups = measure["groups"]
    rows = [model_row(instrument, one, groups[0], names) for one in groups] if not measure["problem"] else []
    return ModelPart(
        title=str(MEASURES[instrument]),
        rows=rows,
        first=names.get(groups[0]["program"], "–") if groups else "",
        people=measure["people"],
        answers=measure["answers"],
        small=", ".join(names.get(key, "–") for key in measure["small"]),
        problem=str(PROBLEMS[Problem(measure["problem"])]) if measure["problem"] else "",
    )


def model_row(instrument: Instrument, one: dict[str, Any], first: dict[str, Any], names: dict[str, str]) -> ModelRow:
    """Return one program of the model."""
    slope, difference = one["slope"], one["difference"]
    published = SLOPES[instrument].get(one["arm"])
    return ModelRow(
        name=names.get(one["program"], "–"),
        mark=program_mark(one["arm"]),
        n=one["n"],
        slope=signed(slope[0], 2),
        slope_range=points_range(slope[2], slope[3], 2),
        difference=signed(difference[0], 2) if difference else "",
        difference_range=points_range(difference[2], difference[3], 2) if difference else "",
        meaning=difference_text(difference) if difference else "",
        published=signed(published, 3) if published is not None else "",
    )


def difference_text(difference: list[float]) -> str:
    """Say whether the interval of a difference of slopes leaves out zero."""
    return _("clearly different") if difference[2] > 0 or difference[3] < 0 else _("not clearly different")
