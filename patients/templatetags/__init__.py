"""Template tags that draw what a patient did: ticks, sparklines, calendar, trajectory."""
