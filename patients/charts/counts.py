"""Alerts a day under two rule sets, as small columns: now above the line, proposed below it."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from patients.charts.words import at, drawn

STEP, HALF = 4, 28


def daily_counts(now: Sequence[int], proposed: Sequence[int], *, top: int = 0) -> SafeString:
    """Draw two rows of counts back to back, oldest day first; `top` is the number that fills the height (0: their own highest)."""
    highest = max([top, *now, *proposed, 1])
    width = STEP * max(len(now), len(proposed), 1)
    up = "".join(f"M{STEP * place + STEP // 2} {HALF - 1}v-{at((HALF - 2) * count / highest)}" for place, count in enumerate(now) if count)
    down = "".join(
        f"M{STEP * place + STEP // 2} {HALF + 1}v{at((HALF - 2) * count / highest)}" for place, count in enumerate(proposed) if count
    )
    return format_html(
        '<svg class="counts" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        width,
        2 * HALF,
        gettext("Alerts a day: %(now)s in all now, %(proposed)s proposed, at most %(top)s on a day")
        % {"now": sum(now), "proposed": sum(proposed), "top": max([*now, *proposed, 0])},
        drawn(f'<path class="ax" d="M0 {HALF}h{width}"/><path class="was" d="{up}"/><path class="will" d="{down}"/>'),
    )
