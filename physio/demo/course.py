"""The made-up numbers of one person: pain, readiness and chance, the same at every run."""

import datetime as dt
import random
from collections.abc import Sequence

from physio.demo.cast import Person

STEADY_RISE = 1
"""Answers of a steady person rise by at most this over the last two, so that chance alone raises no alert."""
CEILING = 5
"""The upper end of the amber band: only a story goes beyond it."""
LEFT_OUT_MOST = 2


def station(stations: Sequence[float], share: float) -> float:
    """Return the value at a share (0–1) of the way along evenly spread stations."""
    place = max(0.0, min(share, 1.0)) * (len(stations) - 1)
    before = min(int(place), len(stations) - 2)
    return stations[before] + (stations[before + 1] - stations[before]) * (place - before)


class Course:
    """Pain and readiness 0–10 of one person from the start of the program to today, and whether things were done."""

    def __init__(self, person: Person, starts_on: dt.date, today: dt.date) -> None:
        """Begin with the person's own chance."""
        self.person, self.starts_on, self.today = person, starts_on, today
        self.chance = random.Random(f"{person.name} 2026")  # noqa: S311 - invented data
        self.worst: dict[dt.date, int] = {}
        self.left_out = 0

    def share(self, day: dt.date) -> float:
        """Return how far along the way to today the day lies."""
        return (day - self.starts_on).days / max((self.today - self.starts_on).days, 1)

    def answers(self, day: dt.date) -> tuple[int, int]:
        """Return pain and readiness of a morning."""
        back = (self.today - day).days
        pain = self._whole(station(self.person.pain, self.share(day)))
        ready = self._whole(station(self.person.ready, self.share(day)))
        pain = min(pain, self._ceiling(day))
        if back < len(self.person.pain_last):
            pain = self.person.pain_last[-1 - back]
        if back < len(self.person.ready_last):
            ready = self.person.ready_last[-1 - back]
        self.worst[day] = pain
        return pain, ready

    def _ceiling(self, day: dt.date) -> int:
        """Return the most a steady person answers: at most a point more than on the last two days with an answer."""
        before = [self.worst[one] for one in sorted(self.worst) if one < day][-2:]
        return min(CEILING, min(before, default=CEILING) + STEADY_RISE)

    def _whole(self, value: float) -> int:
        return max(0, min(10, round(value + self.chance.gauss(0, self.person.noise))))

    def is_answered(self, day: dt.date, *, after_the_end: bool) -> bool:
        """Decide whether the person checks in; after the program only now and then."""
        back = (self.today - day).days
        drawn = self.chance.random()
        if back < self.person.silent_days:
            return False
        if back < len(self.person.pain_last):
            return True
        return drawn < (0.2 if after_the_end else self.person.answers)

    def is_done(self, share_done: float) -> bool:
        """Decide whether a session is done; never leaves out more than two in a row by chance."""
        done = self.chance.random() < share_done or self.left_out >= LEFT_OUT_MOST
        self.left_out = 0 if done else self.left_out + 1
        return done

    def during(self, day: dt.date) -> int:
        """Return the worst pain during a session of the day."""
        usual = self.worst.get(day, round(station(self.person.pain, self.share(day))))
        pain = max(min(usual + self.chance.choice((0, 0, 1, 1)), self._ceiling(day)), min(usual, CEILING))
        self.worst[day] = max(pain, self.worst.get(day, 0))
        return pain

    def often(self, share: float) -> bool:
        """Draw a lot: true with this chance."""
        return self.chance.random() < share

    def at(self, hour: int, minute: int = 0, spread_minutes: int = 40) -> dt.time:
        """Return a time of day up to `spread_minutes` after the given one."""
        later = hour * 60 + minute + self.chance.randint(0, spread_minutes)
        return dt.time(later // 60 % 24, later % 60, self.chance.randint(0, 59))
