"""Building by plain forms, as a browser without scripts does it: what tests of the builder share."""

from typing import Any

from django.test import Client
from django.urls import reverse

from clinics.models import Membership
from programs.actions.building import start_program
from programs.dose import effort_text, reps_text
from programs.layout import whole_plan
from programs.models import Exercise, ProgramVersion
from programs.rules.building import Place, Row, places_of, rows_of, session_at
from programs.rules.diff import Line
from tests.cast import Cast

HOME = "home-0"


def draft_of(cast: Cast, key: str | None = "leg", by: Membership | None = None, weeks: int = 8, **more: Any) -> ProgramVersion:
    """Begin a program of the clinic: a copy of a shared one, or an empty one (None)."""
    base = cast.version(key) if key else None
    member = by or cast.therapist
    names = more.pop("names", {"en": "Our legs", "de": "Unsere Beine"})
    return start_program(clinic=member.clinic, names=names, kind="strength", weeks=weeks, base=base, by=member, now=cast.now, **more)


def fresh(version: ProgramVersion) -> ProgramVersion:
    """Return the version as it is stored."""
    found: ProgramVersion = ProgramVersion.objects.select_related("program", "clinic").get(pk=version.pk)
    return found


def address(version: ProgramVersion, name: str = "build") -> str:
    """Return a page of a version."""
    return reverse(f"programs:{name}", args=[version.pk])


def post(client: Client, version: ProgramVersion, op: str, **fields: Any) -> Any:
    """Send one step, for the draft as it is now unless a revision is given."""
    data = {"op": op, "revision": fresh(version).revision, "place": HOME, "part": "main", "week": 1, **fields}
    return client.post(address(version), data)


def dose_fields(line: Line) -> dict[str, Any]:
    """Write a dose as it is typed, in English."""
    typed: dict[str, Any] = {
        "sets": line.sets,
        "reps": reps_text(line),
        "hold_seconds": line.hold_seconds or "",
        "rest_seconds": line.rest_seconds or "",
        "effort": effort_text(line.effort_low, line.effort_high),
        "tempo": line.tempo,
        "load": line.load.get("en", ""),
        "variation": line.variation.get("en", ""),
    }
    return typed | ({"per_side": "on"} if line.per_side else {})


class Rebuilder:
    """Builds what another version holds from an empty draft, one form after the other; `sent` counts them."""

    def __init__(self, client: Client, version: ProgramVersion, target: ProgramVersion) -> None:
        self.client, self.version, self.target = client, version, whole_plan(target)
        self.ids = {row.key: str(row.pk) for row in Exercise.objects.filter(clinic=None, is_current=True)}
        self.sent = 0

    def send(self, op: str, **fields: Any) -> None:
        """Send one step that must be taken."""
        answer = post(self.client, self.version, op, **fields)
        assert answer.status_code == 302, answer.content.decode()
        self.sent += 1

    def build(self) -> int:
        """Build sessions, exercises and doses; return how many forms it took."""
        weeks = len(self.target)
        for place in places_of(self.target):
            first = session_at(self.target, 1, place)
            assert first is not None
            self.send("new_session", setting=place[0], times_a_week=first.times_a_week, minutes=first.minutes, first=1, last=weeks)
        for place in places_of(self.target):
            self.frame(place)
            for part in ("warm_up", "main"):
                for row in rows_of(self.target, place, part):
                    self.exercise(place, row)
        return self.sent

    def frame(self, place: Place) -> None:
        """Set minutes, days and phase for the weeks in a row in which they are the same."""
        name = f"{place[0]}-{place[1]}"

        def said(week: int) -> tuple[Any, ...]:
            one = session_at(self.target, week, place)
            assert one is not None
            return (one.times_a_week, one.minutes, one.weekdays, one.phase["en"])

        for first, last in runs(said, len(self.target)):
            times, minutes, days, phase = said(first)
            fields = {"times_a_week": times, "minutes": minutes, "weekdays": days, "phase": phase}
            self.send("session", place=name, week=first, first=first, last=last, **fields)

    def exercise(self, place: Place, row: Row) -> None:
        """Add an exercise where it is done and set its doses."""
        name, text = f"{place[0]}-{place[1]}", f"{row[0]}.{row[1]}.{row[2]}"

        def dose(week: int) -> Any:
            session = session_at(self.target, week, place)
            line = next((one for one in session.lines if (one.block, one.key) == row[:2]), None) if session else None
            return line and {**line.dose()}

        done = [week for week in self.target if dose(week) is not None]
        self.send("add", place=name, part=row[0], exercise=self.ids[row[1]], first=done[0], last=done[-1])
        for first, last in runs(dose, len(self.target)):
            found = dose(first)
            if found is None or row[0] != "main":
                continue
            self.send("dose", place=name, part=row[0], row=text, week=first, first=first, last=last, **dose_fields(Line(row[1], **found)))


def runs(value: Any, weeks: int) -> list[tuple[int, int]]:
    """Return the stretches of weeks with equal values."""
    found: list[tuple[int, int]] = []
    for week in range(1, weeks + 1):
        if found and value(found[-1][0]) == value(week):
            found[-1] = (found[-1][0], week)
        else:
            found.append((week, week))
    return found
