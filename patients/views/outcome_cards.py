"""What the outcomes page shows of each program: charts, rows and tables, every text ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from patients.charts.multiples import Multiple, Spot, interval_bar, multiple_svg, program_mark, reach_of, signed
from patients.figures import END, Ending, LineFigures, Point
from patients.models import Assessment, Assignment
from patients.outcomes import START, Line
from patients.rules.outcomes import Against, Mean, Share, Side
from patients.rules.scores import NPRS_WORTHWHILE_POINTS, PSFS_WORTHWHILE_POINTS, Instrument
from patients.rules.small_groups import FEWEST, Verdict, joined
from programs.models import in_language
from programs.wording import short_name

WORTHWHILE = {Instrument.PSFS_RUN: PSFS_WORTHWHILE_POINTS, Instrument.NPRS_RUN: NPRS_WORTHWHILE_POINTS}
MEASURES = {
    Instrument.PSFS_RUN: gettext_lazy("Running capability (PSFS)"),
    Instrument.NPRS_RUN: gettext_lazy("Worst pain when running (NPRS)"),
}
FEW = gettext_lazy("fewer than 5")
NOT_SHOWN = gettext_lazy("not shown")
SIDES = {
    Side.ABOVE: gettext_lazy("above the line"),
    Side.BELOW: gettext_lazy("below the line"),
    Side.UNCLEAR: gettext_lazy("not clearly different"),
}


@dataclass(frozen=True, slots=True)
class Panel:
    """One small multiple: name, how many, drawing."""

    name: str
    n: int
    svg: SafeString


@dataclass(frozen=True, slots=True)
class Shown:
    """A share with its interval: the bar, the percentage, the interval in words."""

    bar: SafeString
    percent: str
    interval: str


@dataclass(frozen=True, slots=True)
class EndRow:
    """One program at the end: who was measured, shares, sessions, and how it lies beside the trial's line."""

    name: str
    mark: SafeString
    week: str
    measured: str
    capability: Shown | None
    beyond_error: Shown | None
    pain: Shown | None
    sessions: str
    sessions_interval: str
    against: str
    against_note: str


@dataclass(frozen=True, slots=True)
class DetailRow:
    """One assessment of one measure: when, how many were measured, mean change, shares, model line; texts, empty where there is none."""

    time: str
    measured: str
    mean: str
    worthwhile: str
    beyond_error: str
    line: str


@dataclass(frozen=True, slots=True)
class DetailTable:
    """One measure of one program; which columns it has."""

    title: str
    is_pain: bool
    has_line: bool
    rows: list[DetailRow]


@dataclass(frozen=True, slots=True)
class Detail:
    """All figures of one program."""

    name: str
    mark: SafeString
    tables: list[DetailTable]


@dataclass(frozen=True, slots=True)
class EndingRow:
    """How the courses of one program ended, over all years."""

    name: str
    mark: SafeString
    n: int
    completed: str
    running: str
    ended: str
    reasons: list[tuple[str, str]]
    stops: str


def name_of(line: Line) -> str:
    """Return the name of a program: the short one of the library's, the own one of a clinic's."""
    return short_name(line.arm) if line.arm else str(in_language(line.names))


def tick_of(key: str, week: int | None) -> str:
    """Return the short name of an assessment for an axis: W8, 3 mo."""
    if key == Assessment.Key.MONTH_3:
        return pgettext("axis", "3 mo")
    if key == Assessment.Key.MONTH_6:
        return pgettext("axis", "6 mo")
    return _("W%(week)s") % {"week": week} if week is not None else str(Assessment.Key(key).label)


def time_of(key: str, week: int | None) -> str:
    """Return the name of an assessment: week 8, 3 months after."""
    if key in {START, Assessment.Key.MONTH_3, Assessment.Key.MONTH_6} or week is None:
        return str(Assessment.Key(key).label)
    return _("Week %(week)s") % {"week": week}


def percent(share: float) -> str:
    """Return a share as whole percent."""
    return f"{round(100 * share)} %"


def range_text(low: float, high: float) -> str:
    """Return the ends of an interval of shares: 50–73."""
    return f"{round(100 * low)}–{round(100 * high)}"


def points_range(low: float, high: float, digits: int = 1) -> str:
    """Return the ends of an interval of points: +0.1 to +1.1."""
    return _("%(low)s to %(high)s") % {"low": signed(low, digits), "high": signed(high, digits)}


def why_hidden(verdict: Verdict) -> str:
    """Return in a word why a figure is missing: too few people at all, or too few in this choice."""
    return _("n < 5") if not verdict.spans else _("hidden")


def panels_of(figures: Sequence[LineFigures], instrument: Instrument) -> list[Panel]:
    """Return the small multiples of one measure, all on the same scale."""
    drawn = [(multiple_of(one, instrument), one.started.n) for one in figures if one.points[instrument]]
    reach = reach_of([one for one, _n in drawn])
    return [Panel(one.title, n, multiple_svg(one, reach, WORTHWHILE[instrument])) for one, n in drawn]


def multiple_of(one: LineFigures, instrument: Instrument) -> Multiple:
    """Return what one chart draws."""
    spots = [spot_of(point) for point in one.points[instrument]]
    return Multiple(name_of(one.line), one.line.arm, _("Start"), spots, falls=instrument == Instrument.NPRS_RUN)


def spot_of(point: Point) -> Spot:
    """Return one assessment as the chart wants it."""
    label = tick_of(point.key, point.week)
    if point.change is None:
        return Spot(label, line=point.line, hidden=why_hidden(point.verdict))
    mean = point.change.mean
    return Spot(label, mean.mean, mean.low, mean.high, point.line)


def shown_share(line: Line, share: Share | None) -> Shown | None:
    """Return a share ready to be shown; None stays None."""
    if share is None:
        return None
    return Shown(interval_bar(line.arm, share.share, share.low, share.high), percent(share.share), range_text(share.low, share.high))


def end_row(one: LineFigures) -> EndRow:
    """Return the row of one program at the end of the program."""
    capability, pain = one.point(Instrument.PSFS_RUN), one.point(Instrument.NPRS_RUN)
    measured = one.measured.get(END)
    adherence = one.adherence
    text, note = against_text(one.line, capability.against if capability else None)
    return EndRow(
        name=name_of(one.line),
        mark=program_mark(one.line.arm),
        week=time_of(END, one.weeks.get(END)),
        measured=_("%(n)s of %(all)s") % {"n": measured.n, "all": one.started.n} if measured and measured.may else "–",
        capability=shown_share(one.line, capability.change.worthwhile if capability and capability.change else None),
        beyond_error=shown_share(one.line, capability.change.beyond_error if capability and capability.change else None),
        pain=shown_share(one.line, pain.change.worthwhile if pain and pain.change else None),
        sessions=percent(adherence.mean) if adherence else "–",
        sessions_interval=range_text(max(adherence.low, 0), min(adherence.high, 1)) if adherence else "",
        against=text,
        against_note=note,
    )


def against_text(line: Line, against: Against | None) -> tuple[str, str]:
    """Return how running capability lies beside the trial's model line, and what that says."""
    if line.arm == "RW":
        return _("other trial, not comparable"), ""
    if against is None:
        return ("–", "") if line.arm in {"LL", "LE", "LS"} else (_("no trial"), "")
    interval = _("(%(low)s to %(high)s)") % {"low": signed(against.low), "high": signed(against.high)}
    return f"{signed(against.difference)} {interval}", str(SIDES[against.side])


def detail_of(one: LineFigures) -> Detail:
    """Return all figures of one program, a table for each measure."""
    return Detail(name_of(one.line), program_mark(one.line.arm), [table_of(one, instrument) for instrument in MEASURES])


def table_of(one: LineFigures, instrument: Instrument) -> DetailTable:
    """Return the table of one measure: a row for each assessment, the start with its number of people only."""
    rows = []
    for key, verdict in one.measured.items():
        point = one.point(instrument, key)
        mean, worthwhile, error = point_texts(point)
        line = signed(point.line, 2) if point is not None and point.line is not None else ""
        measured = str(verdict.n) if verdict.may else why_hidden(verdict)
        rows.append(DetailRow(time_of(key, one.weeks.get(key)), measured, mean, worthwhile, error, line))
    return DetailTable(str(MEASURES[instrument]), instrument == Instrument.NPRS_RUN, any(row.line for row in rows), rows)


def point_texts(point: Point | None) -> tuple[str, str, str]:
    """Return mean with interval and both shares of one assessment; a word instead of the mean where it is hidden."""
    if point is None:
        return "", "", ""
    if point.change is None:
        return why_hidden(point.verdict), "", ""
    change = point.change
    mean = _("%(mean)s (%(low)s to %(high)s), n = %(n)s") % mean_words(change.mean)
    return mean, share_text(change.worthwhile), share_text(change.beyond_error) if change.beyond_error else ""


def mean_words(mean: Mean) -> dict[str, Any]:
    """Return a mean change, its interval and its number of people as texts."""
    return {"mean": signed(mean.mean), "low": signed(mean.low), "high": signed(mean.high), "n": mean.n}


def share_text(share: Share) -> str:
    """Return a share with its interval in one text: 62 % (50–73)."""
    return f"{percent(share.share)} ({range_text(share.low, share.high)})"


def ending_row(one: LineFigures, ending: Ending) -> EndingRow:
    """Return how the courses of one program ended."""
    parts = {key: count_text(count, ending.n) for key, count in ending.parts.items()}
    reasons = ending.reasons or {}
    told = [(str(Assignment.Outcome(key).label), str(count)) for key, count in reasons.items() if count]
    if any(count is None for count in reasons.values()):
        known = sum(count for count in reasons.values() if count is not None)
        rest = (ending.parts[Assignment.Status.ENDED] or 0) - known
        told.append((_("other reasons"), str(rest)) if told else (str(NOT_SHOWN), ""))
    return EndingRow(
        name=name_of(one.line),
        mark=program_mark(one.line.arm),
        n=ending.n,
        completed=parts[Assignment.Status.COMPLETED],
        running=parts[Assignment.Status.RUNNING],
        ended=parts[Assignment.Status.ENDED],
        reasons=told,
        stops=str(FEW) if ending.stops is None else str(ending.stops),
    )


def count_text(count: int | None, n: int) -> str:
    """Return a number of people with its share, or that it is not shown."""
    return str(NOT_SHOWN) if count is None else f"{count} ({percent(count / n)})" if count else "0"


def hidden_text(one: LineFigures, *, by_therapist: bool) -> str:
    """Say why a program is not shown, and for which years it could be."""
    spans = joined(one.started.spans)
    if not spans:
        if by_therapist:
            return _("not for this choice: fewer than %(n)s people, or others could be worked out from it") % {"n": FEWEST}
        return _("fewer than %(n)s people") % {"n": FEWEST}
    years = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)
    return _("fewer than %(n)s people, or others could be worked out from it; can be shown for %(years)s") % {"n": FEWEST, "years": years}
