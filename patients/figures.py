"""The figures of each program for a choice of years and therapist, with everything hidden that would tell of fewer than five people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from patients.models import Assessment, Assignment
from patients.outcomes import START, Course, Line, Population
from patients.rules.outcomes import PLACES, Against, Change, Mean, against_line, change_of, mean_of, model_change
from patients.rules.scores import Instrument
from patients.rules.small_groups import FEWEST, Group, Verdict, hide_small

END = str(Assessment.Key.END)
ENDINGS = (Assignment.Status.COMPLETED, Assignment.Status.RUNNING, Assignment.Status.ENDED)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which people: who began from the first to the last year, with this therapist (None: with any)."""

    first: int
    last: int
    therapist: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One assessment of one measure: the people with both answers, how they changed (None: hidden), the trial's model line (None: none)."""

    key: str
    week: int | None
    verdict: Verdict
    change: Change | None
    line: float | None

    @property
    def against(self) -> Against | None:
        """The mean beside the model line; None where one is missing."""
        return against_line(self.change.mean, self.line) if self.change and self.line is not None else None


@dataclass(frozen=True, slots=True)
class Ending:
    """How the courses of a program ended, over all years: each part None where it is hidden.

    `reasons` are the outcomes of those that ended early, None when already their number is hidden.
    """

    n: int
    parts: dict[str, int | None]
    reasons: dict[str, int | None] | None
    stops: int | None


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Everything the page says about one program."""

    line: Line
    started: Verdict
    adherence: Mean | None
    measured: dict[str, Verdict]
    points: dict[Instrument, list[Point]]
    ending: Ending | None

    @property
    def weeks(self) -> dict[str, int | None]:
        """The week of each assessment; None where versions of the program differ."""
        return {point.key: point.week for point in self.points[Instrument.PSFS_RUN]}

    def point(self, instrument: Instrument, key: str = END) -> Point | None:
        """Return one assessment of one measure."""
        return next((point for point in self.points[instrument] if point.key == key), None)


def choose(them: Sequence[Course], selection: Selection) -> Verdict:
    """Tell whether the chosen ones of these people may be shown; they are everybody, of all years, whom a figure is made of."""
    group: Group[str] = Group(Counter((course.year, course.therapist) for course in them))
    return group.select(selection.first, selection.last, selection.therapist)


def is_chosen(course: Course, selection: Selection) -> bool:
    """Tell whether somebody is among the people chosen."""
    return selection.first <= course.year <= selection.last and selection.therapist in (None, course.therapist)


def figures_of(population: Population, selection: Selection) -> list[LineFigures]:
    """Return the figures of every program in which somebody of the selection began."""
    found = []
    for line in population.lines:
        courses = population.of(line)
        if any(is_chosen(course, selection) for course in courses):
            found.append(figures_of_line(line, courses, selection))
    return found


def figures_of_line(line: Line, courses: Sequence[Course], selection: Selection) -> LineFigures:
    """Return the figures of one program."""
    trained = [(course, course.adherence) for course in courses if course.adherence is not None]
    may = choose([course for course, _share in trained], selection).may
    keys = sorted({key for course in courses for key in course.answers} | {START}, key=lambda key: PLACES[key])
    weeks = {key: week_of(courses, key) for key in keys}
    return LineFigures(
        line=line,
        started=choose(courses, selection),
        adherence=mean_of([share for course, share in trained if is_chosen(course, selection)]) if may else None,
        measured={key: choose([course for course in courses if key in course.answers], selection) for key in keys},
        points={one: [point_of(line, courses, selection, one, key, weeks[key]) for key in keys if key != START] for one in Instrument},
        ending=ending_of(courses),
    )


def week_of(courses: Sequence[Course], key: str) -> int | None:
    """Return the week in which an assessment is due; None where versions differ."""
    weeks = {course.answers[key].week for course in courses if key in course.answers}
    return weeks.pop() if len(weeks) == 1 else None


def point_of(line: Line, courses: Sequence[Course], selection: Selection, instrument: Instrument, key: str, week: int | None) -> Point:
    """Return how one measure changed from the start to one assessment."""
    them = [(course, pair) for course in courses if (pair := course.pair(instrument, key)) is not None]
    verdict = choose([course for course, _pair in them], selection)
    pairs = [pair for course, pair in them if is_chosen(course, selection)] if verdict.may else []
    return Point(key, week, verdict, change_of(instrument, pairs), model_change(instrument, line.arm, key))


def ending_of(courses: Sequence[Course]) -> Ending | None:
    """Return how all courses of a program ended; None below five people.

    It never follows the filters: reasons are rare, and from two choices of years those of single people could be worked out.
    """
    n = len(courses)
    if n < FEWEST:
        return None
    running = Assignment.Status.RUNNING  # held for now is not over
    states = Counter(running if course.status == Assignment.Status.HELD else course.status for course in courses)
    parts = dict(
        zip(ENDINGS, hide_small([states[status] for status in ENDINGS], keep={ENDINGS.index(Assignment.Status.ENDED)}), strict=True)
    )
    reasons = None
    if parts[Assignment.Status.ENDED]:
        outcomes = Counter(course.outcome for course in courses if course.status == Assignment.Status.ENDED)
        named = [value for value in Assignment.Outcome.values if outcomes[value]]
        reasons = dict(zip(named, hide_small([outcomes[value] for value in named]), strict=True))
    stops = sum(course.had_stop for course in courses)
    with_stop, _without = hide_small([stops, n - stops])
    return Ending(n, {str(key): value for key, value in parts.items()}, reasons, with_stop)


def left_out_text(count: int) -> int | None:
    """Return a number of people that may be said; None for one to four."""
    return None if 0 < count < FEWEST else count


def shown(figures: Sequence[LineFigures]) -> list[LineFigures]:
    """Return the programs whose people may be shown."""
    return [one for one in figures if one.started.may]


def people_in(population: Population, figures: Sequence[LineFigures], selection: Selection) -> int:
    """Return how many different people stand behind the programs shown."""
    keys: set[UUID] = {one.line.key for one in shown(figures)}
    return len({course.patient for course in population.courses if course.line.key in keys and is_chosen(course, selection)})
