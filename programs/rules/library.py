"""What makes an exercise or a program of the library complete, and small readings of both, on already parsed data."""

import hashlib
import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

Data = Mapping[str, Any]

LANGUAGES = ("en", "de")
MEASURES = ("reps", "hold", "duration")
KINDS = ("strength", "run_walk", "walk", "flare_up")
SETTINGS = ("supervised", "home")
ASSESSMENT_KEYS = ("baseline", "middle", "end", "month_3", "month_6")
KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
PROVENANCE_PATTERN = re.compile(r"trial|default|seed:\d{3}")
TEMPO_PATTERN = re.compile(r"\d+-\d+-\d+")
RANGES = ("sets", "reps", "hold_seconds", "duration_seconds", "minutes", "times_a_week")
EVIDENCE_TEXTS = ("study", "showed", "not_shown", "ours")

# How long training takes, in seconds: our default, for telling a patient the length of a session.
SECONDS_PER_REPETITION = 4
SECONDS_TO_MOVE_INTO_HOLD = 2
SECONDS_PER_WARM_UP_EXERCISE = 90
SECONDS_BETWEEN_EXERCISES = 30
MINUTES_STEP = 5


def text(data: Data | str | None, lang: str) -> str:
    """Return a text in a language ("de", "de-AT"), in English where the language is missing, empty for None."""
    if data is None or isinstance(data, str):
        return data or ""
    return str(data.get(lang.partition("-")[0]) or data.get("en") or "")


def texts(data: Data | None, lang: str) -> list[str]:
    """Return a list of texts in a language, in English where the language is missing, empty for None."""
    return [str(line) for line in (data or {}).get(lang.partition("-")[0]) or (data or {}).get("en") or []]


def content_hash(data: Any) -> str:
    """Return the SHA-256 of the content, the same for any order of keys."""
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def validate_exercise(data: Data, languages: Collection[str] = LANGUAGES) -> list[str]:
    """Return complaints about an exercise of the library, empty when it is complete in all languages."""
    complaints = _check_keys(data, EXERCISE_REQUIRED, EXERCISE_OPTIONAL)
    if complaints:
        return complaints
    complaints += _check_key(data["key"])
    for name in ("name", "region", "cue", "easier", "harder"):
        complaints += _check_text(data[name], name, languages)
    for name in ("steps", "faults"):
        complaints += _check_lists(data[name], name, languages)
    if data["measure"] not in MEASURES:
        complaints.append(f"measure: {data['measure']!r} is none of {', '.join(MEASURES)}")
    complaints += _check_dose_range(data["dose_range"], data["measure"], languages)
    complaints += _check_provenance_list(data["provenance"], languages)
    complaints += _check_provenance(data["dose_provenance"], "dose_provenance")
    for name in ("equipment", "equipment_optional"):
        complaints += [f"{name}: {key!r} is not a key" for key in data.get(name, []) if not _is_key(key)]
    return complaints


def validate_program(data: Data, exercise_keys: Collection[str], languages: Collection[str] = LANGUAGES) -> list[str]:
    """Return complaints about a program of the library, empty when it is complete and names only known exercises."""
    complaints = _check_keys(data, PROGRAM_REQUIRED, PROGRAM_OPTIONAL)
    if complaints:
        return complaints
    complaints += _check_key(data["key"])
    if data["kind"] not in KINDS:
        complaints.append(f"kind: {data['kind']!r} is none of {', '.join(KINDS)}")
    for name in ("name", "summary"):
        complaints += _check_text(data[name], name, languages)
    for name in ("weeks_provenance", "supervised_per_week_provenance", "home_per_week_provenance"):
        complaints += _check_provenance(data[name], name)
    for name in ("supervised_per_week", "home_per_week"):
        low, high = data[f"{name}_range"]
        if not low <= data[name] <= high:
            complaints.append(f"{name}: {data[name]} lies outside its range {low} to {high}")
    for name in EVIDENCE_TEXTS:
        complaints += _check_text(data["evidence"].get(name), f"evidence.{name}", languages)
    complaints += _check_assessments(data["assessments"])
    for i, line in enumerate(data["entry_checklist"]):
        complaints += _check_key(line.get("key"), f"entry_checklist[{i}]")
        complaints += _check_text(line.get("text"), f"entry_checklist[{i}]", languages)
        complaints += _check_provenance(line.get("provenance"), f"entry_checklist[{i}]")
    for i, line in enumerate(data.get("advice", [])):
        complaints += _check_text(line.get("text"), f"advice[{i}]", languages)
        complaints += _check_provenance(line.get("provenance"), f"advice[{i}]")
    for plan in data["weeks_plan"]:
        complaints += _check_plan(plan, data["weeks"], exercise_keys, languages)
    complaints += _check_weeks(data)
    return complaints


def check_dose(items: Sequence[Data], exercise: Data) -> list[str]:
    """Return complaints where what one session prescribes of an exercise lies outside the exercise's usual range.

    Sets and minutes of several lines with the same exercise count together; alternatives of the range are tried in turn.
    """
    given = exercise["dose_range"]
    attempts = [_outside(items, one) for one in (given, *given.get("alternatives", []))]
    return [] if [] in attempts else attempts[0]


def default_dose(exercise: Data) -> dict[str, Any]:
    """Return the lowest usual dose of an exercise as a prescription line, for adding it to a plan or warming up with it."""
    given = exercise["dose_range"]
    dose: dict[str, Any] = {"sets": given.get("sets", [1])[0], "per_side": bool(given.get("per_side"))}
    if "reps" in given:
        dose |= {"reps_low": given["reps"][0], "reps_high": given["reps"][0]}
    if "hold_seconds" in given:
        dose["hold_seconds"] = given["hold_seconds"][0]
    if "duration_seconds" in given:
        dose["duration_seconds"] = given["duration_seconds"][0]
    if "minutes" in given:
        dose["duration_seconds"] = given["minutes"][0] * 60
    return dose


def estimate_seconds(item: Data) -> int:
    """Return about how long a prescription line takes in seconds, rests included."""
    sets, sides = item.get("sets", 1), 2 if item.get("per_side") else 1
    if item.get("run_seconds"):
        return int(item.get("duration_seconds") or sets * (item["run_seconds"] + item["walk_seconds"]))
    if item.get("duration_seconds"):
        work = item["duration_seconds"]
    elif item.get("hold_seconds"):
        work = item.get("reps_high", 1) * (item["hold_seconds"] + SECONDS_TO_MOVE_INTO_HOLD)
    else:
        work = item.get("reps_high", 1) * _seconds_per_repetition(item.get("tempo"))
    return int(sets * (work * sides + item.get("rest_seconds", 0)))


def estimate_minutes(plan: Data) -> int:
    """Return about how long a session takes in minutes, warm-up included, rounded up to five minutes."""
    items = plan["items"]
    pauses = SECONDS_BETWEEN_EXERCISES * (len({item["exercise"] for item in items}) - 1)
    seconds = sum(map(estimate_seconds, items)) + pauses + SECONDS_PER_WARM_UP_EXERCISE * len(plan.get("warm_up", []))
    return math.ceil(seconds / 60 / MINUTES_STEP) * MINUTES_STEP


EXERCISE_REQUIRED = frozenset({
    "key", "group", "name", "region", "equipment", "measure", "steps", "cue", "dose_range", "easier", "harder", "faults",
    "provenance", "dose_provenance", "pose",
})  # fmt: skip
EXERCISE_OPTIONAL = frozenset({"equipment_optional", "pose_variants"})
PROGRAM_REQUIRED = frozenset({
    "key", "code", "kind", "name", "summary", "weeks", "weeks_provenance", "supervised_per_week", "supervised_per_week_range",
    "supervised_per_week_provenance", "home_per_week", "home_per_week_range", "home_per_week_provenance", "assessments",
    "evidence", "entry_checklist", "weeks_plan",
})  # fmt: skip
PROGRAM_OPTIONAL = frozenset({"texts", "days", "advice"})
PLAN_REQUIRED = frozenset({
    "weeks", "setting", "times_a_week", "times_provenance", "minutes", "minutes_provenance", "weekdays", "phase", "items",
})  # fmt: skip
PLAN_OPTIONAL = frozenset({"days", "warm_up", "warm_up_provenance", "note"})
ITEM_REQUIRED = frozenset({"exercise", "sets", "effort_low", "effort_high", "exercise_provenance", "dose_provenance"})
ITEM_OPTIONAL = frozenset({
    "reps_low", "reps_high", "hold_seconds", "duration_seconds", "run_seconds", "walk_seconds", "rest_seconds", "per_side", "tempo",
    "load", "variation", "pose_variant", "stage", "provenance_note",
})  # fmt: skip


def _check_keys(data: Data, required: frozenset[str], optional: frozenset[str], where: str = "") -> list[str]:
    prefix = f"{where}: " if where else ""
    missing = [f"{prefix}missing {key}" for key in sorted(required - data.keys())]
    return missing + [f"{prefix}unknown {key}" for key in sorted(data.keys() - required - optional)]


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and KEY_PATTERN.fullmatch(value) is not None


def _check_key(value: Any, where: str = "key") -> list[str]:
    return [] if _is_key(value) else [f"{where}: {value!r} is not a key of small letters, digits and underscores"]


def _check_text(value: Any, where: str, languages: Collection[str]) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"{where}: needs a text per language"]
    return [f"{where}: missing in {lang}" for lang in languages if not (isinstance(value.get(lang), str) and value[lang].strip())]


def _check_lists(value: Any, where: str, languages: Collection[str]) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"{where}: needs a list per language"]
    complaints = [f"{where}: missing in {lang}" for lang in languages if not value.get(lang)]
    complaints += [f"{where}: a line in {lang} is not text" for lang in languages for v in value.get(lang) or [] if not isinstance(v, str)]
    if not complaints and len({len(value[lang]) for lang in languages}) > 1:
        complaints.append(f"{where}: languages differ in length")
    return complaints


def _check_provenance(value: Any, where: str) -> list[str]:
    known = isinstance(value, str) and PROVENANCE_PATTERN.fullmatch(value)
    return [] if known else [f"{where}: provenance {value!r} is none of trial, default, seed:NNN"]


def _check_provenance_list(marks: Any, languages: Collection[str]) -> list[str]:
    if not marks:
        return ["provenance: empty"]
    complaints = []
    for mark in marks:
        name = f"seed:{mark.get('seed')}" if mark.get("mark") == "seed" else mark.get("mark")
        complaints += _check_provenance(name, "provenance")
        if "note" in mark:
            complaints += _check_text(mark["note"], "provenance.note", languages)
    return complaints


def _check_dose_range(given: Data, measure: str, languages: Collection[str]) -> list[str]:
    complaints = []
    for name in RANGES:
        if name in given and not (len(given[name]) == 2 and 0 < given[name][0] <= given[name][1]):
            complaints.append(f"dose_range.{name}: {given[name]} is not lowest and highest")
    needed = {"reps": ("reps",), "hold": ("hold_seconds",), "duration": ("minutes", "duration_seconds")}.get(measure, ())
    if needed and not any(name in given for name in needed):
        complaints.append(f"dose_range: needs {' or '.join(needed)}")
    if "note" in given:
        complaints += _check_text(given["note"], "dose_range.note", languages)
    return complaints


def _check_assessments(assessments: Sequence[Data]) -> list[str]:
    complaints = [f"assessments: unknown {one.get('key')}" for one in assessments if one.get("key") not in ASSESSMENT_KEYS]
    weeks = [one["week"] for one in assessments]
    if weeks != sorted(set(weeks)):
        complaints.append("assessments: weeks are not in order")
    for one in assessments:
        complaints += _check_provenance(one.get("provenance"), f"assessments.{one.get('key')}")
    return complaints


def _check_plan(plan: Data, weeks: int, exercise_keys: Collection[str], languages: Collection[str]) -> list[str]:
    where = f"weeks {plan.get('weeks')} {plan.get('setting')}"
    complaints = _check_keys(plan, PLAN_REQUIRED, PLAN_OPTIONAL, where)
    if complaints:
        return complaints
    if not 1 <= plan["weeks"]["from"] <= plan["weeks"]["to"] <= weeks:
        complaints.append(f"{where}: weeks outside the program")
    if plan["setting"] not in SETTINGS:
        complaints.append(f"{where}: unknown setting")
    days = plan["weekdays"] or plan.get("days", [])
    if len(set(days)) != plan["times_a_week"] or not all(1 <= day <= 7 for day in days):
        complaints.append(f"{where}: days {days} do not match {plan['times_a_week']} times a week")
    complaints += _check_text(plan["phase"], f"{where} phase", languages)
    if "note" in plan:
        complaints += _check_text(plan["note"], f"{where} note", languages)
    for name in ("times_provenance", "minutes_provenance", *(["warm_up_provenance"] if plan.get("warm_up") else [])):
        complaints += _check_provenance(plan.get(name), f"{where} {name}")
    complaints += [f"{where}: unknown exercise {key}" for key in plan.get("warm_up", []) if key not in exercise_keys]
    if not plan["items"]:
        complaints.append(f"{where}: no exercises")
    for item in plan["items"]:
        complaints += _check_item(item, f"{where} {item.get('exercise')}", exercise_keys, languages)
    return complaints


def _check_item(item: Data, where: str, exercise_keys: Collection[str], languages: Collection[str]) -> list[str]:
    complaints = _check_keys(item, ITEM_REQUIRED, ITEM_OPTIONAL, where)
    if complaints:
        return complaints
    if item["exercise"] not in exercise_keys:
        complaints.append(f"{where}: unknown exercise")
    if not any(item.get(name) for name in ("reps_low", "hold_seconds", "duration_seconds", "run_seconds")):
        complaints.append(f"{where}: neither repetitions nor a time")
    if item.get("reps_low", 0) > item.get("reps_high", 0):
        complaints.append(f"{where}: repetitions are not lowest and highest")
    if not 0 <= item["effort_low"] <= item["effort_high"] <= 10:
        complaints.append(f"{where}: effort is not between 0 and 10")
    if "tempo" in item and not TEMPO_PATTERN.fullmatch(item["tempo"]):
        complaints.append(f"{where}: tempo is not lift-hold-lower in seconds")
    if "run_seconds" in item and item["sets"] * (item["run_seconds"] + item.get("walk_seconds", 0)) > item.get("duration_seconds", 0):
        complaints.append(f"{where}: rounds are longer than the session")
    for name in ("load", "variation", "provenance_note"):
        if name in item:
            complaints += _check_text(item[name], f"{where} {name}", languages)
    for name in ("exercise_provenance", "dose_provenance"):
        complaints += _check_provenance(item[name], f"{where} {name}")
    return complaints


def _check_weeks(data: Data) -> Iterator[str]:
    """Every week has the sessions of each setting that the head of the program promises."""
    if data["kind"] in ("walk", "flare_up"):
        return
    for week in range(1, data["weeks"] + 1):
        for setting in SETTINGS:
            plans = [p for p in data["weeks_plan"] if p["setting"] == setting and p["weeks"]["from"] <= week <= p["weeks"]["to"]]
            planned, promised = sum(p["times_a_week"] for p in plans), data[f"{setting}_per_week"]
            if planned != promised:
                yield f"week {week}: {planned} {setting} sessions instead of {promised}"


def _outside(items: Sequence[Data], given: Data) -> list[str]:
    complaints = []
    sums = {"sets": sum(item["sets"] for item in items)}
    if "minutes" in given:
        sums = {"minutes": sum(_minutes(item) for item in items)}
    for name, value in sums.items():
        complaints += _compare(name, value, given)
    for item in items:
        if "reps" in given:
            for value in {item.get("reps_low", 0), item.get("reps_high", 0)}:
                complaints += _compare("reps", value, given)
        for name in ("hold_seconds", "duration_seconds"):
            if name in given:
                complaints += _compare(name, item.get(name, 0), given)
            elif name == "hold_seconds" and item.get(name):
                complaints.append(f"{name} {item[name]} is not foreseen")
    return complaints


def _minutes(item: Data) -> float:
    whole = item.get("duration_seconds", 0) * (1 if item.get("run_seconds") else item["sets"])
    return float(whole / 60)


def _compare(name: str, value: float, given: Data) -> list[str]:
    if name not in given:
        return []
    low, high = given[name]
    return [] if low <= value <= high else [f"{name} {value:g} lies outside {low} to {high}"]


def _seconds_per_repetition(tempo: str | None) -> int:
    return sum(int(part) for part in tempo.split("-")) if tempo else SECONDS_PER_REPETITION
