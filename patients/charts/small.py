"""Charts that fit into a line of text: week ticks, sparkline, mark of a series."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from patients.charts.data import SeriesKey, Tick
from patients.charts.words import at, drawn, number, short_name

REMEMBERED = 2048
"""So many drawings a process keeps of each kind: lists show the same ones again and again."""


def _ticks_path(places: Iterable[tuple[float, float, float]]) -> str:
    """Return one path of upright strokes from (x, top, length), in relative moves because a list has hundreds of them."""
    out: list[str] = []
    at_x = at_y = 0.0
    for x, top, length in places:
        move = f"m{at(x - at_x)} {at(top - at_y)}" if out else f"M{at(x)} {at(top)}"
        out.append(f"{move.replace(' -', '-')}v{at(length)}")
        at_x, at_y = x, top + length
    return "".join(out)


def _ticks_label(ticks: Sequence[Tick]) -> str:
    over = sum(tick.state in ("done", "part", "none") for tick in ticks)
    head = gettext("%(over)s of %(weeks)s weeks") % {"over": over, "weeks": len(ticks)}
    current = next(((index, tick) for index, tick in enumerate(ticks, 1) if tick.state == "now"), None)
    if current is None:
        return head
    tail = gettext("week %(week)s: %(done)s of %(due)s") % {"week": current[0], "done": number(current[1].done), "due": current[1].due}
    return f"{head}; {tail}"


def week_ticks(ticks: Sequence[Tick], size: str = "") -> SafeString:
    """Draw the weeks of a program as small columns filled by what was done; size is "" or "l"."""
    return _week_ticks(tuple(ticks), size, get_language() or "")


@lru_cache(maxsize=REMEMBERED)
def _week_ticks(ticks: tuple[Tick, ...], size: str, language: str) -> SafeString:
    narrow = len(ticks) > 8
    pitch, middle = (8, 3) if narrow else (12, 4)
    top, full = 3, 12
    solid: list[tuple[float, float, float]] = []
    holes: dict[str, list[tuple[float, float, float]]] = {"p": [], "n": []}
    soon: list[int] = []
    missed: list[str] = []
    for index, tick in enumerate(ticks):
        x = middle + pitch * index
        if tick.state == "soon":
            soon.append(x)
        elif tick.state == "none":
            missed.append(f"M{x - middle + 1} 2h{2 * middle - 2}v14h-{2 * middle - 2}zm{middle - 2} 10l2-6")
        else:
            solid.append((x, 5, 8))
            share = 1.0 if tick.state == "done" else min(max(tick.share, 0.0), 1.0)
            if empty := round(full * (1 - share)):
                holes["n" if tick.state == "now" else "p"].append((x, top, empty))
    paths = [f'<path d="{_ticks_path(solid)}"/>'] if solid else []
    paths += [f'<path class="{name}" d="{_ticks_path(places)}"/>' for name, places in holes.items() if places]
    if missed:
        paths.append(f'<path class="x" d="{"".join(missed)}"/>')
    if soon:
        paths.append(f'<path class="t" d="M{soon[0]} 15h{soon[-1] - soon[0] + 1}"/>')
    classes = "ticks" + (" ticks--n" if narrow else "") + (" ticks--l" if size == "l" else "")
    return format_html(
        '<svg class="{}" viewBox="0 0 {} 18" role="img" aria-label="{}">{}</svg>',
        classes,
        pitch * len(ticks) - (pitch - 2 * middle),
        _ticks_label(ticks),
        drawn("".join(paths)),
    )


def sparkline(values: Sequence[float | None], kind: SeriesKey = "pain") -> SafeString:
    """Draw the last values (oldest first) on the full scale 0-10; None leaves a gap; a dash when there is no value at all."""
    return _sparkline(tuple(values), kind, get_language() or "")


@lru_cache(maxsize=REMEMBERED)
def _sparkline(values: tuple[float | None, ...], kind: SeriesKey, language: str) -> SafeString:
    known = [index for index, value in enumerate(values) if value is not None]
    if not known:
        return format_html('<span class="faint" title="{}">–</span>', gettext("no entries"))
    step = 56 / max(len(values) - 1, 1)
    out: list[str] = []
    pen_down = False
    end = (4, 22)
    for index, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        start, end = end, (round(4 + step * index) if len(values) > 1 else 60, round(22 - 1.8 * value))
        right, down = end[0] - start[0], end[1] - start[1]
        alone = not pen_down and (index + 1 >= len(values) or values[index + 1] is None)
        if not pen_down:
            out.append(f"M{end[0]} {end[1]}" + ("h0" if alone else ""))
        else:  # in relative moves because a list has hundreds of them
            out.append(f"l{right} {down}".replace(" -", "-") if down else f"h{right}")
        pen_down = True
    said = ", ".join("–" if value is None else number(value) for value in values)
    return format_html(
        '<svg class="spark{}" viewBox="0 0 68 26" role="img" aria-label="{} {}">{}</svg>',
        "" if kind == "pain" else f" spark--{kind}",
        short_name(kind),
        said,
        drawn(f'<path d="{"".join(out)}"/><path class="e" d="M{end[0]} {end[1]}h0"/>'),
    )


def series_mark(key: SeriesKey) -> SafeString:
    """Draw the mark of a series alone, named for readers who do not see it."""
    shapes = {
        "pain": '<circle cx="6" cy="6" r="5"/>',
        "ready": '<rect x="1.5" y="1.5" width="9" height="9"/>',
        "func": '<path d="M6 1l5.5 10h-11z"/>',
    }
    return format_html(
        '<svg class="swatch pt--{}" viewBox="0 0 12 12" role="img" aria-label="{}">{}</svg>', key, short_name(key), drawn(shapes[key])
    )
