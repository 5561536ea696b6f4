"""Reads who is who in the demo from `people.yaml`."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PASSWORD = "physio-demo-2026"  # noqa: S105 - printed for everybody, on a machine that only its owner reaches
ADMIN = "admin@physio.example"
FILE = Path(__file__).with_name("people.yaml")


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who works in a clinic."""

    email: str
    role: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class Person:
    """A patient and the story told of them; `people.yaml` says what each field means."""

    first_name: str
    last_name: str
    sex: str
    born: dt.date
    about: str
    email: str = ""
    language: str = "en"
    therapist: int = 1
    account: str = "active"
    program: str = ""
    week: int = 0
    days_in: int | None = None
    starts_in: int | None = None
    pain: tuple[float, ...] = (4, 4)
    ready: tuple[float, ...] = (5, 5)
    capability: tuple[int, int] = (4, 6)
    done: float = 0.9
    answers: float = 0.85
    noise: float = 0.5
    partly: float = 0.08
    described: str = ""
    today: str = ""
    pain_last: tuple[int, ...] = ()
    ready_last: tuple[int, ...] = ()
    signs_today: tuple[str, ...] = ()
    onboarding_signs: tuple[str, ...] = ()
    missed_last: int = 0
    silent_days: int = 0
    pause: dict[str, Any] = field(default_factory=dict)
    tailored: dict[str, Any] = field(default_factory=dict)
    letter: dict[str, Any] = field(default_factory=dict)
    stopped: dict[str, Any] = field(default_factory=dict)
    open_assessment: str = ""
    moved: bool = False
    corrected: bool = False
    alerts: str = ""
    agrees: tuple[str, ...] = ("record", "reminders", "outcomes")
    messages: tuple[dict[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    def starts_on(self, today: dt.date) -> dt.date:
        """Return the first day of the program, seen from today."""
        if self.starts_in is not None:
            return today + dt.timedelta(days=self.starts_in)
        if self.days_in is not None:
            return today - dt.timedelta(days=self.days_in)
        return today - dt.timedelta(days=today.weekday() + 7 * (self.week - 1))


@dataclass(frozen=True, slots=True)
class DemoClinic:
    """One clinic, who works there and who is treated; `closed` are (days from today, reason)."""

    slug: str
    name: str
    time_zone: str
    country: str
    phone: str
    address: str
    closed: tuple[tuple[int, str], ...]
    staff: tuple[Staff, ...]
    patients: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everything `people.yaml` holds."""

    clinics: tuple[DemoClinic, ...]
    loads_kg: dict[str, tuple[float, float]]
    check_in_notes: dict[str, list[str]]
    session_notes: dict[str, list[str]]
    alert_notes: dict[str, str]
    resolved_note: str
    clearance_note: str
    correction_reason: str
    workshop: dict[str, Any]


def read_person(data: dict[str, Any], email: str) -> Person:
    """Turn one entry of the file into a Person; lists become tuples. Without an account there is no address."""
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return Person(**fields, email="" if fields.get("account") == "none" else email)


def read_clinic(data: dict[str, Any]) -> DemoClinic:
    """Turn one clinic of the file into its parts; addresses follow from the places in the lists."""
    slug = data["slug"]
    return DemoClinic(
        **{name: data[name] for name in ("slug", "name", "time_zone", "country", "phone", "address")},
        closed=tuple((one["days"], one["name"]) for one in data["closed"]),
        staff=tuple(
            Staff(one.get("email") or f"{one['mailbox']}@{slug}.example", one["role"], one["first_name"], one["last_name"])
            for one in data["staff"]
        ),
        patients=tuple(read_person(one, f"patient{place}@{slug}.example") for place, one in enumerate(data["patients"], start=1)),
    )


@cache
def read_cast() -> Cast:
    """Read the file."""
    with FILE.open(encoding="utf-8") as file:
        data = yaml.load(file, Loader=yaml.CSafeLoader)
    return Cast(
        clinics=tuple(read_clinic(one) for one in data["clinics"]),
        loads_kg={name: (first, step) for name, (first, step) in data["loads_kg"].items()},
        **{
            name: data[name]
            for name in (
                "check_in_notes",
                "session_notes",
                "alert_notes",
                "resolved_note",
                "clearance_note",
                "correction_reason",
                "workshop",
            )
        },
    )
