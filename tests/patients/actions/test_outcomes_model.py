"""The model of group × time: a cohort made from the published slopes gives them back, and what cannot be estimated is said in words."""

import datetime as dt
import importlib.util
import random
from statistics import fmean
from typing import Any

import pytest

from clinics.jobs import run_job, start_job
from clinics.models import Job
from patients.actions import outcomes_model
from patients.actions.outcomes_model import KIND, Fit, Person, Problem, fit, is_installed, model_params
from patients.figures import Selection
from patients.models import Consent
from patients.rules.scores import Instrument
from patients.rules.trajectory import SLOPES
from tests.cast import Cast
from tests.patients.outcome_people import KEYS, Answers, add_people, rising

pytestmark = pytest.mark.xdist_group("stats")
needs_extra = pytest.mark.skipif(importlib.util.find_spec("statsmodels") is None, reason="the extra stats is not installed")
ARMS = ("LL", "LE", "LS")
PSFS = [SLOPES[Instrument.PSFS_RUN][arm] for arm in ARMS]
NPRS = [SLOPES[Instrument.NPRS_RUN][arm] for arm in ARMS]
PER_ARM, BETWEEN, WITHIN = 28, 1.0, 1.0
"""As many people as the trial had in each arm; standard deviations of people and of answers, in points (ours: none were published)."""


def cohort(chance: random.Random, slopes: list[float], start: float) -> list[Person]:
    """Make up people of each arm whose whole-number answers 0-10 rise by the slope from one assessment to the next."""
    people = []
    for group, slope in enumerate(slopes):
        for _ in range(PER_ARM):
            own = chance.gauss(start, BETWEEN)
            answers = {place: min(10, max(0, round(own + slope * place + chance.gauss(0, WITHIN)))) for place in range(5)}
            people.append(Person(group, dict(answers)))
    return people


def estimates(found: Fit) -> list[Any]:
    """Return the slope of the first group and the differences of the others from it."""
    assert found.problem == Problem.NONE
    return [found.slopes[0], *found.differences]


@needs_extra
def test_a_cohort_from_the_published_slopes_gives_them_back_within_its_standard_error() -> None:
    """The mean of 12 cohorts lies within the standard error of one, and their intervals hold the truth about as often as they say."""
    chance, true = random.Random(2017), [0.949, -0.198, -0.263]
    cohorts = [estimates(fit(cohort(chance, PSFS, 3.5), 3)) for _ in range(12)]
    for place, published in enumerate(true):
        of_place = [one[place] for one in cohorts]
        assert fmean(one.value for one in of_place) == pytest.approx(published, abs=fmean(one.error for one in of_place))
    held = [one.low <= published <= one.high for found in cohorts for one, published in zip(found, true, strict=True)]
    assert sum(held) >= 0.85 * len(held)


@needs_extra
def test_pain_falls_alike_in_the_three_arms_when_it_was_made_to() -> None:
    chance = random.Random(746)
    cohorts = [estimates(fit(cohort(chance, NPRS, 6.0), 3)) for _ in range(8)]
    for place, published in enumerate([-0.746, 0.0, 0.0]):
        of_place = [one[place] for one in cohorts]
        assert fmean(one.value for one in of_place) == pytest.approx(published, abs=fmean(one.error for one in of_place))


@needs_extra
def test_the_estimates_are_those_of_the_formula_of_statsmodels() -> None:
    people = cohort(random.Random(3), PSFS, 3.5)
    import pandas as pd
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    rows = [(number, ARMS[one.group], place, value) for number, one in enumerate(people) for place, value in one.answers.items()]
    table = pd.DataFrame(rows, columns=["person", "arm", "time", "value"])
    model = smf.gee(
        "value ~ C(arm, Treatment('LL')) * time",
        "person",
        data=table,
        family=sm.families.Gaussian(),
        cov_struct=sm.cov_struct.Exchangeable(),
    )
    expected = model.fit(cov_type="bias_reduced")
    found = fit(people, 3)
    names = ["time", "C(arm, Treatment('LL'))[T.LE]:time", "C(arm, Treatment('LL'))[T.LS]:time"]
    assert [one.value for one in estimates(found)] == pytest.approx([expected.params[name] for name in names], abs=1e-6)
    assert [one.error for one in estimates(found)] == pytest.approx([expected.bse[name] for name in names], rel=1e-5)


def alike(answers: dict[int, Any], many: int = 6, group: int = 0) -> list[Person]:
    return [Person(group, dict(answers)) for _ in range(many)]


@needs_extra
@pytest.mark.parametrize(
    ("people", "groups", "problem"),
    [
        ([], 0, Problem.FEW),
        (alike({0: 4, 1: 5}, 4), 1, Problem.FEW),
        (alike({0: 4, 1: 5}) + alike({0: 4, 1: 6}, 4, 1), 2, Problem.FEW),
        (alike({0: 5, 1: 5, 2: 5}), 1, Problem.CONSTANT),
        (alike({0: 4, 1: 5, 2: 6}), 1, Problem.CONSTANT),
        (alike({0: 4}, 3) + alike({0: 6}, 3), 1, Problem.SINGULAR),
        (alike({0: 4, 1: 5}) + alike({0: 4}, 3, 1) + alike({0: 7}, 3, 1), 2, Problem.SINGULAR),
    ],
    ids=["nobody", "four", "four in one", "all the same", "all on a line", "one time", "one time in a group"],
)
def test_what_cannot_be_estimated_is_a_problem_and_no_fault(people: list[Person], groups: int, problem: Problem) -> None:
    found = fit(people, groups)
    assert (found.problem, found.slopes, found.differences) == (problem, [], [])


@needs_extra
def test_one_group_has_a_slope_and_no_difference() -> None:
    chance = random.Random(5)
    found = fit(cohort(chance, [0.8], 4.0), 1)
    assert found.differences == []
    assert found.slopes[0].low < 0.8 < found.slopes[0].high


@needs_extra
def test_people_without_a_correlation_or_with_only_that_are_estimated_or_said_to_be_impossible() -> None:
    """Answers that differ between people and never within one: the working correlation is one."""
    people = [Person(0, dict.fromkeys(range(3), value)) for value in (1, 2, 3, 4, 5, 6)]
    found = fit(people, 1)
    assert found.problem in {Problem.CONSTANT, Problem.SINGULAR, Problem.UNCONVERGED} or found.slopes[0].value == pytest.approx(0)


# --- as a job -----------------------------------------------------------------------------


def noisy(chance: random.Random, slope: float) -> Answers:
    """Return the answers of one person with chance in them."""
    own = chance.gauss(3.5, 1)
    return {
        key: (
            min(10, max(0, round(9 - own - 0.7 * place + chance.gauss(0, 1)))),
            min(10, max(0, round(own + slope * place + chance.gauss(0, 1)))),
        )
        for place, key in enumerate(KEYS)
    }


@pytest.fixture
def arms(cast: Cast) -> Cast:
    """Three programs with thirty people each, and run-walk with nine; the cast's own people do not count."""
    Consent.objects.filter(purpose="outcomes").update(withdrawn_at=cast.now)
    chance = random.Random(11)
    for key, arm in (("leg", "LL"), ("lumbar_extensor", "LE"), ("stabiliser", "LS")):
        answers = [noisy(chance, SLOPES[Instrument.PSFS_RUN][arm]) for _ in range(30)]
        add_people(cast.riverside, cast.therapist, cast.version(key), answers, starts_on=dt.date(2025, 2, 3), now=cast.now)
    short = [{key: one[key] for key in KEYS[:3]} for one in [noisy(chance, 1.0) for _ in range(9)]]
    walkers = cast.version("run_walk")
    add_people(cast.riverside, cast.therapist, walkers, short, starts_on=dt.date(2025, 2, 3), now=cast.now, weeks=(0, 6, 12, 0, 0))
    return cast


def calculate(cast: Cast, selection: Selection) -> Job:
    job = start_job(KIND, by=cast.therapist, params=model_params(selection), now=cast.now)
    run_job(job.pk, now=cast.now)
    job.refresh_from_db()
    return job


@needs_extra
def test_the_job_keeps_slopes_of_the_programs_measured_alike(arms: Cast) -> None:
    job = calculate(arms, Selection(2025, 2025))
    assert job.status == Job.Status.DONE
    measure = job.result["measures"]["psfs_run"]
    assert [one["arm"] for one in measure["groups"]] == ["LL", "LE", "LS"]  # run-walk is measured in other weeks
    assert [one["n"] for one in measure["groups"]] == [30, 30, 30]
    value, error, low, high = measure["groups"][0]["slope"]
    assert low < 0.949 < high
    assert low == pytest.approx(value - 1.96 * error, abs=0.001)
    for one, published in zip(measure["groups"][1:], (-0.198, -0.263), strict=True):
        assert abs(one["difference"][0] - published) < 2.5 * one["difference"][1]
    assert measure["groups"][0]["difference"] is None
    assert 0 < measure["correlation"] < 1
    assert not any(len(str(value)) == 32 for value in job.result)  # nobody is named


@needs_extra
def test_the_job_says_which_programs_have_too_few_people(arms: Cast) -> None:
    Consent.objects.filter(patient__assignments__version__program__key="stabiliser").update(withdrawn_at=arms.now)
    Consent.objects.filter(pk__in=Consent.objects.filter(patient__assignments__version__program__key="stabiliser").values("pk")[:4]).update(
        withdrawn_at=None
    )
    job = calculate(arms, Selection(2025, 2025))
    measure = job.result["measures"]["psfs_run"]
    assert ([one["arm"] for one in measure["groups"]], len(measure["small"])) == (["LL", "LE"], 1)


@needs_extra
def test_answers_that_are_all_the_same_end_in_words_and_not_in_a_fault(cast: Cast) -> None:
    Consent.objects.filter(purpose="outcomes").update(withdrawn_at=cast.now)
    add_people(cast.riverside, cast.therapist, cast.version("leg"), [rising(step=0)] * 6, starts_on=dt.date(2025, 2, 3), now=cast.now)
    job = calculate(cast, Selection(2025, 2025))
    assert job.status == Job.Status.DONE
    assert {one["problem"] for one in job.result["measures"].values()} == {"constant"}


def test_without_the_extra_the_job_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes_model, "LIBRARY", "no_such_library")
    assert not is_installed()
    job = calculate(cast, Selection(2025, 2025))
    assert job.status == Job.Status.FAILED
    assert "administrator" in job.problem
