"""Every reason of the rules has its sentence, in words and with the evidence it saw."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from patients.reasons import ICONS, SIGN_NAMES, reason_chip, reason_text, reason_tone
from patients.rules.triage import Rule
from patients.wording import SIGN_TEXT

TODAY = dt.date(2026, 3, 17)


@pytest.mark.parametrize(
    ("rule", "evidence", "text"),
    [
        ("stop_sign", {"signs": ["saddle_numbness"]}, "Saddle numbness"),
        ("stop_sign", {"signs": ["chest_pain"], "is_withdrawn": True}, "Chest pain (taken back)"),
        ("stop_sign", {"signs": ["chest_pain", "fainting", "palpitations"]}, "Chest pain and 2 more"),
        ("clearance", {"signs": ["heart_condition"]}, "Clearance needed: Heart condition"),
        ("pain_level", {"pain": 7, "on": "2026-03-14", "peak": 7, "entries": 1}, "Pain 7, Sat"),
        ("pain_level", {"pain": 7, "on": "2026-03-17", "peak": 7, "entries": 3}, "Pain 7, today, 3 times in a row"),
        ("pain_level", {"pain": 7, "on": "2026-02-01", "peak": 7, "entries": 1}, "Pain 7, Sun 1 Feb"),
        ("unsettled", {"mornings": 1, "rise": 2.5, "on": "2026-03-16"}, "Not settled next morning, +2.5"),
        ("unsettled", {"mornings": 1, "rise": None, "on": "2026-03-16"}, "Not settled next morning"),
        ("unsettled", {"mornings": 2, "rise": 1, "on": "2026-03-16"}, "Not settled 2 mornings in a row"),
        ("pain_trend", {"from": 3, "to": 5, "entries": 3}, "Pain up from 3 to 5 over 3 entries"),
        ("pain_weeks", {"from": 3.0, "middle": 3.8, "to": 4.5}, "Pain up 2 weeks in a row, mean 3 to 4.5"),
        ("missed_sessions", {"missed": 3, "settings": ["home"]}, "3 sessions missed in a row"),
        ("silence", {"days": 8, "last_entry_on": None}, "No entry for 8 days"),
        ("assessment_overdue", {"key": "end", "days": 1, "due_on": "2026-03-16"}, "End assessment overdue 1 day"),
        ("consent_withdrawn", {"on": "2026-03-16"}, "Agreement taken back, Mon"),
        ("message_waiting", {"messages": 1, "days": 0}, "1 message, today"),
        ("message_waiting", {"messages": 2, "days": 1}, "2 messages, waiting 1 day"),
        ("message_waiting", {"messages": 1, "days": 3}, "1 message, waiting 3 days"),
        ("readiness_drop", {"from": 7, "to": 4}, "Readiness down from 7 to 4"),
        ("a_rule_to_come", {}, "a_rule_to_come"),
    ],
)
def test_evidence_becomes_a_sentence(rule: str, evidence: dict[str, Any], text: str) -> None:
    with translation.override("en"):
        assert reason_text(rule, evidence, TODAY) == text


def test_every_rule_has_an_icon_and_every_sign_a_short_name() -> None:
    assert set(ICONS) == set(Rule)
    assert set(SIGN_NAMES) == set(SIGN_TEXT)


@pytest.mark.parametrize(
    ("level", "seen", "tone"), [("stop", False, "solid"), ("stop", True, "solid"), ("attention", False, "warn"), ("attention", True, "")]
)
def test_what_was_seen_is_quiet_but_a_stop_sign_never_is(level: str, seen: bool, tone: str) -> None:
    reason = {"rule": "silence", "level": level, "since": "2026-03-10", "evidence": {"days": 7}, "seen": seen}
    assert reason_chip(reason, TODAY).tone == tone


def test_every_tone_of_a_reason_has_a_colour() -> None:
    css = "".join(Path(settings.BASE_DIR, "static/css", name).read_text() for name in ("app.css", "pro.css"))
    tones = {reason_tone(rule, level) for rule in Rule for level in ("stop", "attention", "notice")}
    assert tones == {"solid", "danger", "warn", "info"}
    assert [tone for tone in sorted(tones) if f".chip--{tone}" not in css] == []
