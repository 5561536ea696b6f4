"""Exercise pictograms: joint angles in, SVG text out; nothing here touches a file or a clock."""

from programs.rules.pictogram.animation import animated
from programs.rules.pictogram.checks import check
from programs.rules.pictogram.drawing import still

__all__ = ["animated", "check", "still"]
