"""The caseload: everyone a therapist treats, most worrying first, each with the reason in words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinics import audit
from clinics.middleware import REFRESH_HEADER
from clinics.models import Membership
from clinics.web import MemberRequest, page, today_of
from patients.charts import SeriesKey, Tick, sparkline, week_ticks
from patients.forms.caseload import AFTER, BEFORE, NONE, CaseloadFilter
from patients.models import Assignment, CaseloadEntry, Patient
from patients.moments import local_text, since_text, waiting_text
from patients.reasons import Chip, day_text, reason_chip
from patients.rules.triage import Rule
from patients.views.patient_head import ticks_of
from programs.wording import short_name

PAGE_SIZE = 45
"""Rows of three reasons each stay below 80 kB."""
SPARK_VALUES = 8
CHANGE_WORTH_A_CHIP = 2
MOST_CHIPS = 2
"""Reasons told in words; the others are a number."""
KNOWN_ROWS = 1000
LIST_KEY = "caseload_list"
"""Where the session keeps the filters of the list that was looked at last."""
GROUPS = ("stop", "attention", "rest")
GROUP_OF: dict[int, str] = {CaseloadEntry.Level.STOP: "stop", CaseloadEntry.Level.ATTENTION: "attention"}
COLUMNS = (
    "pk",
    "first_name",
    "last_name",
    "number",
    "is_test",
    "membership__status",
    "caseload__level",
    "caseload__reasons",
    "caseload__week_ticks",
    "caseload__pain_series",
    "caseload__readiness_series",
    "caseload__done_share",
    "caseload__due_sessions",
    "caseload__last_pain",
    "caseload__last_readiness",
    "caseload__last_check_in_at",
    "caseload__next_supervised_at",
    "caseload__next_assessment_on",
    "caseload__program_code",
    "caseload__program_status",
    "caseload__program_starts_on",
    "caseload__owner_name",
    "caseload__alert_id",
    "caseload__alerts_since_at",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One patient as the list shows them; every text is ready."""

    pk: UUID
    name: str
    program: str
    group: str
    chips: list[Chip]
    ticks: Any
    done: str
    pain: str
    pain_line: Any
    readiness: str
    readiness_line: Any
    check_in: str
    in_clinic: str
    action: str
    action_label: str
    owner: str
    """Who took what the row shows; empty while nobody has."""
    waits: str
    """How long the oldest open alert waits."""
    alert: UUID | None
    """The open alert that can be put off from the list."""
    key: str
    """Says what it was made from: equal keys, equal rows."""


_known_rows: dict[str, Row] = {}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many are there, and how many of them the filters show in each group."""

    mine: int
    clinic: int
    stop: int
    attention: int
    rest: int
    need_you: int
    need_clinic: int
    codes: list[str]

    @property
    def shown(self) -> int:
        """All that the filters show."""
        return self.stop + self.attention + self.rest


def week_condition(week: str) -> Q:
    """Return who is in that program week now (pauses counted by the stored ticks), before, after, or without a program."""
    if week == NONE:
        return Q(caseload__program_code="")
    started = Q(**{"caseload__week_ticks__0__0__in": ["full", "part", "none", "now", "paused"]})
    if week == AFTER:
        return Q(caseload__program_status__in=[Assignment.Status.COMPLETED, Assignment.Status.ENDED])
    if week == BEFORE:
        return ~Q(caseload__program_code="") & ~started
    return Q(**{f"caseload__week_ticks__{int(week) - 1}__0": "now"})


def filtered(member: Membership, chosen: dict[str, Any]) -> Q:
    """Return the condition of the filters, words aside."""
    condition = Q()
    if chosen["who"] == "mine":
        condition &= Q(therapist=member)
    if chosen["program"]:
        condition &= Q(caseload__program_code=chosen["program"])
    if chosen["week"]:
        condition &= week_condition(chosen["week"])
    for word in chosen["q"].split()[:5]:
        condition &= Q(search_text__contains=word.lower()) | Q(number__icontains=word)
    return condition


def listed(member: Membership) -> Any:
    """Return the patients of the list; the clinic of the line is named too, so that the lines of other clinics are never looked at."""
    return Patient.objects.visible_to(member).active().filter(caseload__clinic=member.clinic_id)


def count_all(member: Membership, chosen: dict[str, Any]) -> Counts:
    """Count everybody and what is shown, by group, in one query."""
    shown = filtered(member, chosen)
    scope = Q(therapist=member) if chosen["who"] == "mine" else Q()
    stop, attention = Q(caseload__level=CaseloadEntry.Level.STOP), Q(caseload__level=CaseloadEntry.Level.ATTENTION)
    rows = list(
        listed(member)
        .values("caseload__program_code")
        .annotate(
            clinic=Count("pk"),
            mine=Count("pk", filter=Q(therapist=member)),
            need_you=Count("pk", filter=scope & (stop | attention)),
            need_clinic=Count("pk", filter=stop | attention),
            stop=Count("pk", filter=shown & stop),
            attention=Count("pk", filter=shown & attention),
            rest=Count("pk", filter=shown & ~stop & ~attention),
        )
        .order_by()
    )
    return Counts(
        mine=sum(row["mine"] for row in rows),
        clinic=sum(row["clinic"] for row in rows),
        stop=sum(row["stop"] for row in rows),
        attention=sum(row["attention"] for row in rows),
        rest=sum(row["rest"] for row in rows),
        need_you=sum(row["need_you"] for row in rows),
        need_clinic=sum(row["need_clinic"] for row in rows),
        codes=sorted({row["caseload__program_code"] for row in rows} - {"", None}, key=short_name),
    )


def read_rows(member: Membership, chosen: dict[str, Any], start: int) -> list[dict[str, Any]]:
    """Read one page of the list in one query: prepared columns only, never the facts behind them."""
    rows = in_order(listed(member).filter(filtered(member, chosen)), chosen)
    return list(rows.values(*COLUMNS)[start : start + PAGE_SIZE])


def in_order(rows: Any, chosen: dict[str, Any]) -> Any:
    """Return rows as the list puts them: by name, or the most worrying first."""
    names = ("search_text", "pk") if chosen["order"] == "name" else ("-caseload__level", "-caseload__rank", "search_text", "pk")
    return rows.order_by(*names)


def remember_list(request: MemberRequest, chosen: dict[str, Any]) -> None:
    """Keep the filters of the list that is shown, for who is next; nothing is written while they stay the same."""
    filters = {name: str(value) for name, value in chosen.items() if value and name != "page"}
    if request.session.get(LIST_KEY) != filters:
        request.session[LIST_KEY] = filters


@page("caseload.list")
def caseload(request: MemberRequest) -> HttpResponse:
    """Show the caseload; the filters stand in the address, a search as one types gets only the list."""
    member = request.member
    form = CaseloadFilter(request.GET)
    chosen = form.chosen()
    chosen["who"] = chosen["who"] or ("mine" if member.role == "therapist" else "clinic")
    counts = count_all(member, chosen)
    remember_list(request, chosen)
    if "who" not in request.GET and not counts.mine and counts.clinic and chosen["who"] == "mine":
        chosen["who"] = "clinic"
        counts = count_all(member, chosen)
    pages = max(1, -(-counts.shown // PAGE_SIZE))
    number = min(chosen["page"] or 1, pages)
    now = timezone.now()
    today = today_of(member.clinic, now)
    is_fragment = request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    found = read_rows(member, chosen, (number - 1) * PAGE_SIZE)
    rows = [row_of(one, now=now, today=today, zone=member.clinic.time_zone) for one in found]
    version = version_of(rows, counts, chosen, number)
    if is_fragment and request.headers.get(REFRESH_HEADER) == version:
        return HttpResponse(status=204)  # An open page asked by itself and shows all this already: nothing is told, nothing is noted.
    audit.record("caseload.list", clinic_id=member.clinic_id, ids=[str(row.pk) for row in rows])
    context = {
        "version": version,
        "form": form,
        "chosen": chosen,
        "counts": counts,
        "groups": grouped(rows, counts, by_name=chosen["order"] == "name"),
        "programs": [(code, short_name(code)) for code in counts.codes],
        "page_number": number,
        "pages": pages,
        "is_fragment": is_fragment,
        "today": today,
        "now": local_text(now, member.clinic.time_zone),
    }
    response = render(request, "patients/_caseload_list.html" if is_fragment else "patients/caseload.html", context)
    patch_vary_headers(response, ("HX-Request",))
    return response


def version_of(rows: Sequence[Row], counts: Counts, chosen: dict[str, Any], number: int) -> str:
    """Return a short text that changes when anything the list shows does."""
    return blake2b(repr(([row.key for row in rows], counts, sorted(chosen.items()), number)).encode(), digest_size=12).hexdigest()


def grouped(rows: Sequence[Row], counts: Counts, *, by_name: bool) -> list[tuple[str, int, list[Row]]]:
    """Return (group, how many in all, rows of this page) for the groups on this page; one group without a name for the list by name."""
    if by_name:
        return [("", counts.shown, list(rows))] if rows else []
    found = [(group, int(getattr(counts, group)), [row for row in rows if row.group == group]) for group in GROUPS]
    return [one for one in found if one[2]]


def row_of(one: dict[str, Any], *, now: dt.datetime, today: dt.date, zone: str) -> Row:
    """Turn the stored line into texts and small drawings; a line that was shown today is not worded again.

    Everything a row says follows from the line, the language and the local day: of `now` only the day is told.
    """
    key = blake2b(repr((one, today, zone, get_language())).encode(), digest_size=16).hexdigest()
    row = _known_rows.get(key)
    if row is None:
        row = make_row(one, key, now=now, today=today, zone=zone)
        if len(_known_rows) >= KNOWN_ROWS:
            _known_rows.clear()
        _known_rows[key] = row
    return row


def make_row(one: dict[str, Any], key: str, *, now: dt.datetime, today: dt.date, zone: str) -> Row:
    """Word and draw a line."""
    level = one["caseload__level"] or 0
    group = GROUP_OF.get(level, "rest")
    ticks = ticks_of(one["caseload__week_ticks"] or [])
    action, label = action_of(one, group)
    due = one["caseload__due_sessions"] or 0
    return Row(
        pk=one["pk"],
        name=f"{one['first_name']} {one['last_name']}",
        program=program_text(one, ticks),
        group=group,
        chips=chips_of(one, today),
        ticks=week_ticks(ticks) if ticks else "",
        done=str(round(100 * one["caseload__done_share"])) if due else "",
        pain=number_or_dash(one["caseload__last_pain"]),
        pain_line=line_of(one["caseload__pain_series"], "pain"),
        readiness=number_or_dash(one["caseload__last_readiness"]),
        readiness_line=line_of(one["caseload__readiness_series"], "ready"),
        check_in=since_text(one["caseload__last_check_in_at"], now, zone),
        in_clinic=local_text(one["caseload__next_supervised_at"], zone, now=now) if one["caseload__next_supervised_at"] else "–",
        action=action,
        action_label=label,
        owner=one["caseload__owner_name"] or "",
        waits=waiting_text(one["caseload__alerts_since_at"], now, zone),
        alert=one["caseload__alert_id"],
        key=key,
    )


def line_of(series: Sequence[float | None] | None, kind: SeriesKey) -> SafeString | str:
    """Draw the last values of a stored series; nothing without values."""
    return sparkline(series[-SPARK_VALUES:], kind) if series else ""


def number_or_dash(value: int | None) -> str:
    """Return an answer, or a dash when there is none."""
    return "–" if value is None else str(value)


def program_text(one: dict[str, Any], ticks: Sequence[Tick]) -> str:
    """Return program and week: "Leg · W6", "Leg · starts Mon 23 Mar", "Leg · follow-up", or that there is none."""
    code = one["caseload__program_code"]
    if not code:
        return _("no program yet")
    name = short_name(code)
    week = next((place for place, tick in enumerate(ticks, 1) if tick.state == "now"), None)
    if one["caseload__program_status"] == Assignment.Status.ENDED:
        return _("%(program)s · ended early") % {"program": name}
    if one["caseload__program_status"] == Assignment.Status.COMPLETED:
        text = _("%(program)s · follow-up") if one["caseload__next_assessment_on"] else _("%(program)s · completed")
        return text % {"program": name}
    if week:
        return _("%(program)s · W%(week)s") % {"program": name, "week": week}
    starts = one["caseload__program_starts_on"]
    return _("%(program)s · starts %(day)s") % {"program": name, "day": day_text(starts)} if starts else name


def chips_of(one: dict[str, Any], today: dt.date) -> list[Chip]:
    """Return the first reasons as chips, those nobody has taken before the others; without any, what is worth knowing."""
    reasons = sorted(one["caseload__reasons"] or [], key=lambda reason: bool(reason.get("until") or reason.get("seen")))
    chips = [reason_chip(reason, today) for reason in reasons]
    if len(chips) > MOST_CHIPS:
        more = chips[MOST_CHIPS:]
        chips = [*chips[:MOST_CHIPS], Chip(f"+{len(more)}", "line", told=", ".join(chip.text for chip in more))]
    if one["caseload__program_status"] == Assignment.Status.HELD:
        chips.append(Chip(_("plan on hold"), "danger" if chips else "", "pause"))
    if not chips:
        chips += quiet_chips(one, today)
    if one["is_test"]:
        chips.append(Chip(_("made up"), "line"))
    return chips


def quiet_chips(one: dict[str, Any], today: dt.date) -> list[Chip]:
    """Return one quiet chip: the invitation, the next assessment after a program, or how pain has changed lately."""
    if one["membership__status"] is None:
        return [Chip(_("no invitation yet"), "", "mail")]
    if one["membership__status"] == Membership.Status.INVITED:
        return [Chip(_("has not signed in yet"), "", "mail")]
    if one["caseload__program_status"] in {Assignment.Status.COMPLETED, Assignment.Status.ENDED} and one["caseload__next_assessment_on"]:
        days = (one["caseload__next_assessment_on"] - today).days
        if days < 0:
            return [Chip(_("assessment due"), "info", "calendar")]
        return [Chip(ngettext("assessment in %(n)s day", "assessment in %(n)s days", days) % {"n": days}, "", "calendar")]
    series = [value for value in one["caseload__pain_series"] or [] if value is not None]
    change = series[-1] - series[0] if len(series) >= SPARK_VALUES else 0
    if abs(change) >= CHANGE_WORTH_A_CHIP:
        sign = "+" if change > 0 else "−"
        return [Chip(_("pain %(change)s in %(n)s check-ins") % {"change": f"{sign}{abs(change)}", "n": len(series)})]
    return []


def action_of(one: dict[str, Any], group: str) -> tuple[str, str]:
    """Return the one action of a row: its kind and its word."""
    if group == "stop":
        return "call", _("Call now")
    reasons = {reason["rule"] for reason in one["caseload__reasons"] or [] if not reason.get("seen")}
    if reasons == {Rule.MESSAGE_WAITING} or (group == "rest" and Rule.MESSAGE_WAITING in reasons):
        return "answer", _("Answer")
    if group == "attention":
        return "review", _("Review")
    if not one["caseload__program_code"]:
        return "assign", _("Assign")
    if one["membership__status"] in {None, Membership.Status.INVITED}:
        return "invite", _("Invite")
    return "open", _("Open")
