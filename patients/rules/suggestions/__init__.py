"""Suggestions for the next dose: versioned rules from what was done to at most one suggestion an exercise or plan; a therapist decides.

The rules are those of the evidence file, sections 2.5 and 4.3. The pain bands follow the pain-monitoring model (Silbernagel 2007:
Achilles tendons, not backs). Nothing here changes a plan.
"""

from patients.rules.suggestions.facts import Facts, Suggestion
from patients.rules.suggestions.run_walk import run_walk
from patients.rules.suggestions.strength import strength

SUGGESTIONS_VERSION = "1"
LEAST_SESSIONS = 2
"""For so many sessions at least a step back stands (default)."""


def suggest(facts: Facts) -> list[Suggestion]:
    """Return what the rules suggest today: nothing without a session done and one to come, else at most one an exercise or plan."""
    if not facts.done or not facts.coming:
        return []
    return list({"strength": strength, "run_walk": run_walk}[facts.kind](facts)) if facts.kind in {"strength", "run_walk"} else []
