"""The model of group × time: points from one assessment to the next in each program, by the estimator family of the trial.

Generalised estimating equations with an exchangeable working correlation (evidence 1.2), normal errors, and standard errors by the sandwich
with the correction for few clusters of Mancl & DeRouen (2001). statsmodels does the arithmetic; it is an optional extra of the product.
"""

import importlib.util
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.errors import Invalid
from clinics.jobs import Tell, job_kind
from clinics.localtime import local_day
from clinics.models import Job
from patients.figures import Selection, choose, is_chosen
from patients.outcomes import Course, Line, Population, read_population
from patients.rules.outcomes import PLACES, normal_quantile
from patients.rules.scores import Instrument
from patients.rules.small_groups import FEWEST
from patients.rules.trajectory import TRIAL_WEEKS

KIND = "outcomes.model"
LIBRARY = "statsmodels"
MOST_TURNS = 100
TINY = 1e-9
WEEKS = dict(zip(PLACES, TRIAL_WEEKS, strict=True))
"""The week of each assessment of the trial; only programs measured in the same weeks have comparable steps."""
LEAST_ANSWERS = 2


class Problem(StrEnum):
    """Why there is no estimate: too few people, answers without any spread, a design that cannot be told apart, no convergence."""

    NONE = ""
    FEW = "few"
    CONSTANT = "constant"
    SINGULAR = "singular"
    UNCONVERGED = "unconverged"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of points per assessment with its standard error and 95 % interval."""

    value: float
    error: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Fit:
    """What the model says: the slope of each group, and its difference from the first group; empty with a problem."""

    problem: Problem
    people: int
    answers: int
    slopes: list[Estimate] = field(default_factory=list)
    differences: list[Estimate] = field(default_factory=list)
    correlation: float | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One person's group (its number) and answers by the number of the assessment, 0 for the start."""

    group: int
    answers: dict[int, int | float]


def is_installed() -> bool:
    """Tell whether the extra is there."""
    return importlib.util.find_spec(LIBRARY) is not None


def is_comparable(courses: Sequence[Course]) -> bool:
    """Tell whether a program is measured in the weeks of the trial, so that a step means the same."""
    weeks = {(key, answer.week) for course in courses for key, answer in course.answers.items()}
    return len({key for key, _week in weeks}) >= LEAST_ANSWERS and all(WEEKS.get(key) == week for key, week in weeks)


def people_of(population: Population, selection: Selection, instrument: Instrument) -> tuple[list[Line], list[Person], list[Line]]:
    """Return the programs of the model, their people (each once, with the first of these programs), and the programs too small for it."""
    lines = [line for line in population.lines if is_comparable(population.of(line))]
    first: dict[UUID, Course] = {}
    for course in population.courses:
        if course.line in lines:
            first.setdefault(course.patient, course)
    groups: list[Line] = []
    people: list[Person] = []
    small: list[Line] = []
    for line in lines:
        courses = [course for course in first.values() if course.line == line]
        them = [(course, answers) for course in courses if len(answers := answers_of(course, instrument)) >= LEAST_ANSWERS]
        if choose([course for course, _answers in them], selection).may:
            people += [Person(len(groups), answers) for course, answers in them if is_chosen(course, selection)]
            groups.append(line)
        elif any(is_chosen(course, selection) for course in courses):
            small.append(line)
    return groups, people, small


def answers_of(course: Course, instrument: Instrument) -> dict[int, int | float]:
    """Return the answers of one instrument by the number of the assessment."""
    found = {PLACES[key]: answer.value(instrument) for key, answer in course.answers.items()}
    return {place: value for place, value in found.items() if value is not None}


def fit(people: Sequence[Person], groups: int) -> Fit:
    """Fit group × time to the answers; needs the extra, and five people in each group. Problems are told, never raised."""
    answers = sum(len(one.answers) for one in people)
    empty = Fit(Problem.FEW, len(people), answers)
    if not groups or any(sum(one.group == group for one in people) < FEWEST for group in range(groups)):
        return empty
    import numpy as np
    from statsmodels.genmod.cov_struct import Exchangeable
    from statsmodels.genmod.families import Gaussian
    from statsmodels.genmod.generalized_estimating_equations import GEE

    rows = [(number, one.group, place, value) for number, one in enumerate(people) for place, value in sorted(one.answers.items())]
    clusters, group, time, values = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    dummies = [(group == number).astype(float) for number in range(1, groups)]
    design = np.column_stack([np.ones_like(time), time, *dummies, *(dummy * time for dummy in dummies)])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return Fit(Problem.SINGULAR, len(people), answers)
    left = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    if float(left @ left) < TINY:
        return Fit(Problem.CONSTANT, len(people), answers)
    structure = Exchangeable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = GEE(values, design, groups=clusters, family=Gaussian(), cov_struct=structure)
            found = model.fit(maxiter=MOST_TURNS, cov_type="bias_reduced")
    except (np.linalg.LinAlgError, ValueError, FloatingPointError):
        return Fit(Problem.SINGULAR, len(people), answers)
    covariance = np.asarray(found.cov_params())
    if (
        not found.converged
        or not np.all(np.isfinite(found.params))
        or not np.all(np.isfinite(covariance))
        or np.any(np.diag(covariance) <= 0)
    ):
        return Fit(Problem.UNCONVERGED, len(people), answers)

    def estimate(*columns: int) -> Estimate:
        weights = np.zeros(design.shape[1])
        weights[list(columns)] = 1
        value, error = float(weights @ found.params), float(np.sqrt(weights @ covariance @ weights))
        half = normal_quantile() * error
        return Estimate(value, error, value - half, value + half)

    steps = [1 + groups - 1 + number for number in range(1, groups)]
    slopes = [estimate(1), *(estimate(1, step) for step in steps)]
    return Fit(Problem.NONE, len(people), answers, slopes, [estimate(step) for step in steps], float(structure.dep_params))


def model_params(selection: Selection) -> dict[str, Any]:
    """Return what a job is told to calculate."""
    return {"first": selection.first, "last": selection.last, "therapist": selection.therapist}


@job_kind(KIND, label=_("Model of the outcomes"), action="outcomes.model", page="patients:outcomes_model", back="patients:outcomes")
def calculate_model(job: Job, tell: Tell) -> dict[str, Any]:
    """Calculate the model of both measures for the people chosen; keeps figures of groups and program ids, nothing of a person.

    Raises Invalid without the extra.
    """
    if not is_installed():
        raise Invalid(_("The extra for statistics is not installed. An administrator can add it."))
    selection = Selection(job.params["first"], job.params["last"], job.params["therapist"])
    population = read_population(job.by, today=local_day(timezone.now(), job.clinic.time_zone))
    measures = {}
    for number, instrument in enumerate(Instrument):
        tell(number, len(Instrument))
        measures[instrument.value] = measure_of(population, selection, instrument)
    tell(len(Instrument), len(Instrument))
    return {"measures": measures}


def measure_of(population: Population, selection: Selection, instrument: Instrument) -> dict[str, Any]:
    """Return the model of one measure as plain data."""
    groups, people, small = people_of(population, selection, instrument)
    found = fit(people, len(groups))
    sizes = [sum(one.group == number for one in people) for number in range(len(groups))]
    return {
        "problem": found.problem.value,
        "people": found.people,
        "answers": found.answers,
        "correlation": found.correlation,
        "groups": [
            {
                "program": str(line.key),
                "arm": line.arm,
                "n": size,
                "slope": plain(found.slopes[number]) if found.slopes else None,
                "difference": plain(found.differences[number - 1]) if found.differences and number else None,
            }
            for number, (line, size) in enumerate(zip(groups, sizes, strict=True))
        ],
        "small": [str(line.key) for line in small],
    }


def plain(estimate: Estimate) -> list[float]:
    """Return value, standard error and interval as four numbers."""
    return [round(one, 4) for one in (estimate.value, estimate.error, estimate.low, estimate.high)]
