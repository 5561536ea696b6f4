"""Past days looked at again under other rules: exactly the looks that took place, with exactly what was known at each of them.

A caseload line is looked at whenever something is entered and once a night. What changed since the look before is kept
(`rules/facts.py`), so every look can be repeated. The alerts a replay raises feed on each other as the real ones do: the same evidence is
raised once, and a row that began before the facts keeps its key. What people did with alerts changes nothing about which are raised.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from patients.rules.facts import Change, Facts, applied, patient_facts
from patients.rules.thresholds import RuleValues
from patients.rules.triage import Plain, Reason, Rule, carry_on, new_reasons, triage

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """One look of the rules at a patient: the local day, what had changed, and the rules it took place under (None: not known)."""

    on: date
    change: Change
    rules: RuleValues | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert that a replay raised: on which day, and why."""

    on: date
    rule: Rule
    level: str
    since: date
    evidence_key: str
    evidence: Mapping[str, Plain] = field(default_factory=dict)

    @property
    def name(self) -> tuple[str, str, date]:
        """What it is compared by with alerts that were really raised: rule, evidence, day."""
        return (self.rule.value, self.evidence_key, self.on)


@dataclass(slots=True)
class Track:
    """One set of rules on its way through the looks: what it knows, what it raised; `rules` None means those of each look."""

    rules: RuleValues | None
    known: set[Pair]
    raised: list[Raised] = field(default_factory=list)

    def see(self, reasons: Sequence[Reason], on: date, *, quietly: bool) -> None:
        """Raise what is new among the reasons; quietly: it stood before the first day that counts."""
        for reason in new_reasons(reasons, self.known):
            self.known.add((reason.rule.value, reason.evidence_key))
            if not quietly:
                self.raised.append(Raised(on, reason.rule, reason.level.value, reason.since, reason.evidence_key, dict(reason.evidence)))


def replay(looks: Iterable[Look], tracks: Sequence[Track], from_on: date, *, is_new: bool = True) -> Facts:
    """Lead the tracks through the looks at one patient, oldest first, and return the facts after the last one.

    Looks before `from_on` are only read; what stood at the last of them is known and not raised by a track with rules of its own, so
    that the first day does not count what was there already. Where there is none before, `is_new` says whether the patient was new at
    the first look; otherwise that look is the one. A track without rules of its own repeats what really happened, and raises it all.
    """
    facts: Facts = {}
    before: Look | None = None
    has_begun = False
    for look in looks:
        if look.on < from_on:
            facts, before = applied(facts, look.change), look
            continue
        if not has_begun:
            has_begun = True
            if before is not None:
                _see(facts, before, [track for track in tracks if track.rules is not None], quietly=True)
                is_new = True
        facts = applied(facts, look.change)
        if is_new:
            _see(facts, look, tracks, quietly=False)
        else:
            _see(facts, look, [track for track in tracks if track.rules is not None], quietly=True)
            _see(facts, look, [track for track in tracks if track.rules is None], quietly=False)
            is_new = True
    return facts


def _see(facts: Mapping[str, Any], look: Look, tracks: Sequence[Track], *, quietly: bool) -> None:
    """Show one look to the tracks; the reasons of the same rules are found once."""
    known = patient_facts(facts, look.on)
    found: dict[RuleValues, list[Reason]] = {}
    for track in tracks:
        rules = track.rules or look.rules
        if rules is None:
            continue
        if rules not in found:
            found[rules] = triage(known, rules.bands, rules.thresholds)
        track.see(carry_on(found[rules], known, track.known), look.on, quietly=quietly)


def stands_at_once(facts: Mapping[str, Any], on: date, rules: RuleValues, known: Iterable[Pair]) -> list[Raised]:
    """Return what would be raised in the moment the rules are saved: it stands today and was not raised before."""
    track = Track(rules, set(known))
    _see(facts, Look(on, {}), [track], quietly=False)
    return track.raised


# --- what is different --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one patient's alerts under two rule sets do not share; `earlier` and `later` count days of those that both raise."""

    added: list[Raised]
    missed: list[Raised]
    both: int
    earlier: int
    later: int


def compare(now: Sequence[Raised], proposed: Sequence[Raised]) -> Comparison:
    """Hold the alerts of one patient against each other.

    Two alerts of the same rule are the same when their evidence overlaps, from its first day to the day they were raised: the same row
    of missed sessions, raised earlier or later. One without a partner is added or missed.
    """
    rest = list(now)
    added: list[Raised] = []
    both = earlier = later = 0
    for one in sorted(proposed, key=lambda raised: raised.on):
        same = [other for other in rest if other.rule == one.rule and other.since <= one.on and one.since <= other.on]
        if not same:
            added.append(one)
            continue
        partner = min(same, key=lambda other: (abs((other.on - one.on).days), other.on))
        rest.remove(partner)
        both += 1
        earlier += one.on < partner.on
        later += one.on > partner.on
    return Comparison(added, rest, both, earlier, later)
