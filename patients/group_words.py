"""The values of a group sheet in words: a set, a load, what was done last time."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.rules.group import What
from programs.dose import dose_text, seconds_text
from programs.models import Prescription


def number_text(value: Decimal | None) -> str:
    """Return a number without needless zeros; empty for None."""
    return "" if value is None else f"{value.normalize():f}"


def value_text(what: str, value: Decimal | None) -> str:
    """Return an entered value with its unit: "done", "40 kg", "8 repetitions", "30 s"; "nothing" for None."""
    if value is None:
        return _("nothing")
    if what == What.SET:
        return _("done") if value else _("not done")
    if what == What.STOPPED:
        return _("yes") if value else _("no")
    if what == What.LOAD:
        return _("%(load)s kg") % {"load": number_format(value, decimal_pos=0 if value == int(value) else 1)}
    if what == What.REPS:
        return ngettext("%(reps)s repetition", "%(reps)s repetitions", int(value)) % {"reps": int(value)}
    return seconds_text(int(value)) if what == What.HOLD else str(int(value))


def about_text(what: str, exercise: str, number: int) -> str:
    """Return what a value is about: "Leg press, set 2", "Leg press, load", "Worst pain during the session"."""
    names = {
        What.REPS: _("repetitions"),
        What.HOLD: _("hold"),
        What.LOAD: _("load"),
        What.PAIN: _("Worst pain during the session"),
        What.EFFORT: _("Effort of the whole session"),
        What.STOPPED: _("Stopped because of pain"),
    }
    part = _("set %(n)s") % {"n": number} if what == What.SET else names[What(what)]
    return _("%(exercise)s, %(part)s") % {"exercise": exercise, "part": part} if exercise else part


def last_text(sets: int, reps: int | None, hold: int | None, load: Decimal | None) -> str:
    """Return what was done of an exercise in one short line: "3 × 8, 40 kg"."""
    if not sets:
        return _("not done")
    work = str(reps) if reps is not None else seconds_text(hold) if hold is not None else ""
    text = f"{sets} × {work}" if work else ngettext("%(sets)s set", "%(sets)s sets", sets) % {"sets": sets}
    return f"{text}, {value_text(What.LOAD, load)}" if load is not None else text


def set_label(line: Prescription, reps: Decimal | None, hold: Decimal | None) -> str:
    """Return what stands on the button of one set: its repetitions or its time."""
    if reps is not None:
        return str(int(reps))
    if hold is not None:
        return seconds_text(int(hold))
    if line.reps_high:
        return str(line.reps_high)
    seconds = line.hold_seconds or line.duration_seconds
    return seconds_text(seconds) if seconds else dose_text(line)
