"""How long a record is kept, and until when a request about one's own data is answered."""

import calendar
import datetime as dt

DEFAULT_YEARS = 10
"""Years after the end of treatment: § 630f (3) BGB, the German rule for treatment records. A default; the clinic sets what holds for it."""


def answer_by(asked_on: dt.date) -> dt.date:
    """Return the last day of the month in which a request must be answered (GDPR Art. 12(3))."""
    year, month = (asked_on.year, asked_on.month + 1) if asked_on.month < 12 else (asked_on.year + 1, 1)
    return asked_on.replace(year=year, month=month, day=min(asked_on.day, calendar.monthrange(year, month)[1]))


def keep_until(last_treated_on: dt.date, years: int) -> dt.date:
    """Return the last day on which what is left of a record is kept, `years` after the end of treatment."""
    year = last_treated_on.year + years
    return last_treated_on.replace(year=year, day=min(last_treated_on.day, calendar.monthrange(year, last_treated_on.month)[1]))


def is_proof(typed: str, number: str) -> bool:
    """Tell whether what was typed is the patient's number: the second confirmation before an erasure; blanks and case do not matter."""
    return bool(number) and "".join(typed.split()).casefold() == "".join(number.split()).casefold()
