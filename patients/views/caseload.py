"""The caseload: everyone a therapist treats, most worrying first, each with the reason in words."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, Q, TextField
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinics import audit
from clinics.middleware import REFRESH_HEADER
from clinics.models import Membership
from clinics.prepared import PreparedForStaff
from clinics.web import MemberRequest, page, today_of
from patients.charts import SeriesKey, Tick, sparkline, week_ticks
from patients.covering import StandIn, covers_by, stands_in_for
from patients.forms.caseload import AFTER, BEFORE, NONE, CaseloadFilter
from patients.models import Assignment, CaseloadEntry, found_by
from patients.moments import local_text, since_text, waiting_text
from patients.reasons import Chip, day_text, reason_chip
from patients.rules.triage import Rule
from patients.views.patient_head import ticks_of
from programs.wording import short_name

PAGE_SIZE = 40
"""Rows of four reasons each stay below 80 kB."""
SPARK_VALUES = 8
CHANGE_WORTH_A_CHIP = 2
MOST_CHIPS = 2
"""Reasons told in words; the others are a number."""
KNOWN_ROWS = 1000
LIST_COOKIE = "__Host-caseload" if settings.SESSION_COOKIE_SECURE else "caseload"
"""Where the session keeps the filters of the list that was looked at last."""
GROUPS = {
    CaseloadEntry.Section.STOP: "stop",
    CaseloadEntry.Section.ATTENTION: "attention",
    CaseloadEntry.Section.IN_HAND: "in_hand",
    CaseloadEntry.Section.ON_TRACK: "on_track",
}
QUIET = ("in_hand", "on_track")
COLUMNS = (
    "pk",
    "patient__first_name",
    "patient__last_name",
    "patient__is_test",
    "patient__membership__status",
    "therapist_id",
    "section",
    "done_share",
    "due_sessions",
    "last_pain",
    "last_readiness",
    "last_check_in_at",
    "next_supervised_at",
    "next_assessment_on",
    "program_code",
    "program_status",
    "program_starts_on",
    "owner_name",
    "alert_id",
    "alerts_since_at",
)
LIST_KEPT = ("who", "program", "week", "order")
SERIES = ("reasons", "week_ticks", "pain_series", "readiness_series")
"""Read as text: a row that is known need not be taken apart."""
AS_TEXT: dict[str, Any] = {f"{name}_text": Cast(name, TextField()) for name in SERIES}
SHOWN = (*COLUMNS, *AS_TEXT)
BY_NAME, BY_URGENCY = ("sort_name", "pk"), ("-section", "-rank", "sort_name", "pk")


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


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as it is sent."""

    pk: UUID
    group: str
    html: SafeString
    key: str
    """Says what it was made from: equal keys, equal rows, in every process."""


_known_rows: dict[tuple[Any, ...], Shown] = {}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many are there, and how many of them the filters show in each section."""

    mine: int
    clinic: int
    need_you: int
    need_clinic: int
    sections: dict[int, int]
    codes: list[str]

    @property
    def shown(self) -> int:
        """All that the filters show."""
        return sum(self.sections.values())


def week_condition(week: str) -> Q:
    """Return who is in that program week now (pauses counted by the stored ticks), before, after, or without a program."""
    if week == NONE:
        return Q(program_code="")
    if week == AFTER:
        return Q(program_status__in=[Assignment.Status.COMPLETED, Assignment.Status.ENDED])
    return Q(program_week=0 if week == BEFORE else int(week))


def narrowed(member: Membership, chosen: dict[str, Any]) -> Q:
    """Return the condition of the week and of the words, which no count tells apart."""
    condition = week_condition(chosen["week"]) if chosen["week"] else Q()
    return condition & found_by(chosen["q"], clinic=member.clinic_id)


def chosen_therapists(member: Membership, chosen: dict[str, Any], today: dt.date, *, stands_in: bool = True) -> dict[UUID, StandIn]:
    """Put into the filters whose patients count as one's own today, and return for whom one stands in; asks only if it may be anybody."""
    covered = stands_in_for(member, today) if stands_in else {}
    chosen["therapists"] = [member.pk, *covered]
    return covered


def listed(member: Membership) -> Any:
    """Return the lines of everybody whose record is in use."""
    return CaseloadEntry.objects.visible_to(member).filter(is_listed=True).order_by()


def counted_lines(member: Membership, today: dt.date, condition: Q | None = None) -> Any:
    """Return the query that counts by therapist, section and program, everybody and who fulfils the condition; an index answers it."""
    shown = Count("pk", filter=condition) if condition else Count("*")
    lines = listed(member).annotate(stands_in=Exists(covers_by(member, today).order_by()))
    return lines.values_list("therapist", "section", "program_code", "stands_in").annotate(n=Count("*"), shown=shown)


prepared_counts = PreparedForStaff(counted_lines, today=dt.date)


def count_all(member: Membership, chosen: dict[str, Any], today: dt.date) -> tuple[list[tuple[Any, ...]], bool]:
    """Count by therapist, section and program, everybody and who is shown, in one query.

    Returns the numbers and whether the member stands in for anybody: few do, so that the others are spared the question for whom.
    """
    condition = narrowed(member, chosen)
    rows = list(counted_lines(member, today, condition)) if condition else prepared_counts.rows(member, today=today)
    return [(therapist, section, code, n, shown) for therapist, section, code, _stands_in, n, shown in rows], any(row[3] for row in rows)


def summed(rows: Sequence[tuple[Any, ...]], chosen: dict[str, Any]) -> Counts:
    """Sum up what was counted for the filters."""
    own, mine = chosen["who"] == "mine", set(chosen["therapists"])
    sections: dict[int, int] = dict.fromkeys(GROUPS, 0)
    for therapist, section, code, _count, shown in rows:
        if (therapist in mine or not own) and (not chosen["program"] or chosen["program"] == code):
            sections[section] += shown
    needing = [row for row in rows if row[1] >= CaseloadEntry.Section.ATTENTION]
    return Counts(
        mine=sum(row[3] for row in rows if row[0] in mine),
        clinic=sum(row[3] for row in rows),
        need_you=sum(row[3] for row in needing if row[0] in mine or not own),
        need_clinic=sum(row[3] for row in needing),
        sections=sections,
        codes=sorted({row[2] for row in rows} - {""}, key=short_name),
    )


def read_rows(member: Membership, chosen: dict[str, Any], start: int) -> list[dict[str, Any]]:
    """Read one page of the list in one query; that of a list nobody searches in and no week narrows is written once."""
    if chosen["q"] or chosen["week"] or chosen["therapists"] != [member.pk]:
        rows = list(page_of_lines(member, chosen, start))
    else:
        page_read = prepared_page(chosen["who"], chosen["order"], bool(chosen["program"]), start)
        rows = page_read.rows(member, **({"program": chosen["program"]} if chosen["program"] else {}))
    return [dict(zip(SHOWN, row, strict=True)) for row in rows]


def page_of_lines(member: Membership, chosen: dict[str, Any], start: int) -> Any:
    """Return the query of one page of the list: an index finds the lines, of which only prepared columns are read."""
    order = order_of(chosen)
    keys = chosen_lines(member, chosen).order_by(*order).values("pk")[start : start + PAGE_SIZE]
    return CaseloadEntry.objects.visible_to(member).filter(pk__in=keys).order_by(*order).annotate(**AS_TEXT).values_list(*SHOWN)


@lru_cache(maxsize=100)
def prepared_page(who: str, order: str, has_program: bool, start: int) -> PreparedForStaff:
    """Return the same query for whoever asks, of a list that only owner and program narrow."""

    def build(member: Membership, program: str = "") -> Any:
        chosen = {"who": who, "therapists": [member.pk], "program": program, "order": order, "week": "", "q": ""}
        return page_of_lines(member, chosen, start)

    return PreparedForStaff(build, **({"program": str} if has_program else {}))


def chosen_lines(member: Membership, chosen: dict[str, Any]) -> Any:
    """Return the lines the filters show, in no order."""
    lines = listed(member).filter(narrowed(member, chosen))
    if chosen["who"] == "mine":
        lines = lines.filter(therapist__in=chosen["therapists"])
    if chosen["program"]:
        lines = lines.filter(program_code=chosen["program"])
    return lines


def order_of(chosen: dict[str, Any]) -> tuple[str, ...]:
    """Return the columns by which the list is put in order: by name, or the most worrying first."""
    return BY_NAME if chosen["order"] == "name" else BY_URGENCY


def remember_list(response: HttpResponse, chosen: dict[str, Any]) -> None:
    """Let the browser keep the filters of the list it shows, for who is next; words that were searched for are not kept."""
    filters = {name: chosen[name] for name in LIST_KEPT if chosen[name]}
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(LIST_COOKIE, urlencode(filters), secure=secure, httponly=True, samesite="Lax")


@page("caseload.list")
def caseload(request: MemberRequest) -> HttpResponse:
    """Show the caseload; the filters stand in the address, a search as one types gets only the list."""
    member = request.member
    form = CaseloadFilter(request.GET)
    chosen = form.chosen()
    chosen["who"] = chosen["who"] or ("mine" if member.role == "therapist" else "clinic")
    now = timezone.now()
    today = today_of(member.clinic, now)
    counted, stands_in = count_all(member, chosen, today)
    covered = chosen_therapists(member, chosen, today, stands_in=stands_in)
    counts = summed(counted, chosen)
    if "who" not in request.GET and not counts.mine and counts.clinic and chosen["who"] == "mine":
        chosen["who"] = "clinic"
        counts = summed(counted, chosen)
    pages = max(1, -(-counts.shown // PAGE_SIZE))
    number = min(chosen["page"] or 1, pages)
    is_fragment = request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    found = read_rows(member, chosen, (number - 1) * PAGE_SIZE)
    for one in found:
        one["cover"] = covered.get(one["therapist_id"])
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
    remember_list(response, chosen)
    return response


def version_of(rows: Sequence[Shown], counts: Counts, chosen: dict[str, Any], number: int) -> str:
    """Return a short text that changes when anything the list shows does."""
    return blake2b(repr(([row.key for row in rows], counts, sorted(chosen.items()), number)).encode(), digest_size=12).hexdigest()


def grouped(rows: Sequence[Shown], counts: Counts, *, by_name: bool) -> list[tuple[str, int, SafeString]]:
    """Return (group, how many in all, rows of this page) for the groups on this page; one group without a name for the list by name."""
    if by_name:
        return [("", counts.shown, together(rows))] if rows else []
    found = [(group, counts.sections[section], together([row for row in rows if row.group == group])) for section, group in GROUPS.items()]
    return [one for one in found if one[2]]


def together(rows: Sequence[Shown]) -> SafeString:
    """Return rows that were rendered on their own as one text."""
    return SafeString("".join(row.html for row in rows))


def row_of(one: dict[str, Any], *, now: dt.datetime, today: dt.date, zone: str) -> Shown:
    """Turn the stored line into texts and small drawings; a line that was shown today is not worded again.

    Everything a row says follows from the line, the language and the local day: of `now` only the day is told.
    """
    made_from = (*one.values(), today, zone, get_language())
    shown = _known_rows.get(made_from)
    if shown is None:
        row = make_row(one | {name: json.loads(one[f"{name}_text"]) for name in SERIES}, now=now, today=today, zone=zone)
        html = SafeString(render_to_string("patients/_caseload_row.html", {"r": row}).rstrip())
        shown = Shown(row.pk, row.group, html, blake2b(repr(made_from).encode(), digest_size=16).hexdigest())
        if len(_known_rows) >= KNOWN_ROWS:
            _known_rows.clear()
        _known_rows[made_from] = shown
    return shown


def make_row(one: dict[str, Any], *, now: dt.datetime, today: dt.date, zone: str) -> Row:
    """Word and draw a line."""
    group = GROUPS[one["section"]]
    ticks = ticks_of(one["week_ticks"] or [])
    action, label = action_of(one, group)
    due = one["due_sessions"] or 0
    return Row(
        pk=one["pk"],
        name=f"{one['patient__first_name']} {one['patient__last_name']}",
        program=program_text(one, ticks),
        group=group,
        chips=chips_of(one, today),
        ticks=week_ticks(ticks) if ticks else "",
        done=str(round(100 * one["done_share"])) if due else "",
        pain=number_or_dash(one["last_pain"]),
        pain_line=line_of(one["pain_series"], "pain"),
        readiness=number_or_dash(one["last_readiness"]),
        readiness_line=line_of(one["readiness_series"], "ready"),
        check_in=since_text(one["last_check_in_at"], now, zone),
        in_clinic=local_text(one["next_supervised_at"], zone, now=now) if one["next_supervised_at"] else "–",
        action=action,
        action_label=label,
        owner=one["owner_name"] or "",
        waits=waiting_text(one["alerts_since_at"], now, zone),
        alert=one["alert_id"],
    )


def line_of(series: Sequence[float | None] | None, kind: SeriesKey) -> SafeString | str:
    """Draw the last values of a stored series; nothing without values."""
    return sparkline(series[-SPARK_VALUES:], kind) if series else ""


def number_or_dash(value: int | None) -> str:
    """Return an answer, or a dash when there is none."""
    return "–" if value is None else str(value)


def program_text(one: dict[str, Any], ticks: Sequence[Tick]) -> str:
    """Return program and week: "Leg · W6", "Leg · starts Mon 23 Mar", "Leg · follow-up", or that there is none."""
    code = one["program_code"]
    if not code:
        return _("no program yet")
    name = short_name(code)
    week = next((place for place, tick in enumerate(ticks, 1) if tick.state == "now"), None)
    if one["program_status"] == Assignment.Status.ENDED:
        return _("%(program)s · ended early") % {"program": name}
    if one["program_status"] == Assignment.Status.COMPLETED:
        text = _("%(program)s · follow-up") if one["next_assessment_on"] else _("%(program)s · completed")
        return text % {"program": name}
    if week:
        return _("%(program)s · W%(week)s") % {"program": name, "week": week}
    starts = one["program_starts_on"]
    return _("%(program)s · starts %(day)s") % {"program": name, "day": day_text(starts)} if starts else name


def chips_of(one: dict[str, Any], today: dt.date) -> list[Chip]:
    """Return the first reasons as chips, those nobody has taken before the others; without any, what is worth knowing."""
    reasons = sorted(one["reasons"] or [], key=lambda reason: bool(reason.get("until") or reason.get("seen")))
    chips = [reason_chip(reason, today) for reason in reasons]
    # The first says by its icon what it is about; those beside it say it in words alone.
    chips[1:] = [replace(chip, icon="") if chip.tone else chip for chip in chips[1:]]
    if len(chips) > MOST_CHIPS:
        more = chips[MOST_CHIPS:]
        chips = [*chips[:MOST_CHIPS], Chip(f"+{len(more)}", "line", told=", ".join(chip.text for chip in more))]
    if one["program_status"] == Assignment.Status.HELD:
        chips.append(Chip(_("plan on hold"), "danger" if chips else "", "pause"))
    if not chips:
        chips += quiet_chips(one, today)
    if one["patient__is_test"]:
        chips.append(Chip(_("made up"), "line"))
    if cover := one.get("cover"):
        told = {"who": cover.name, "day": day_text(cover.until)}
        chips.append(Chip(_("for %(who)s until %(day)s") % told, "line", "plane"))
    return chips


def quiet_chips(one: dict[str, Any], today: dt.date) -> list[Chip]:
    """Return one quiet chip: the invitation, the next assessment after a program, or how pain has changed lately."""
    if one["patient__membership__status"] is None:
        return [Chip(_("no invitation yet"), "", "mail")]
    if one["patient__membership__status"] == Membership.Status.INVITED:
        return [Chip(_("has not signed in yet"), "", "mail")]
    if one["program_status"] in {Assignment.Status.COMPLETED, Assignment.Status.ENDED} and one["next_assessment_on"]:
        days = (one["next_assessment_on"] - today).days
        if days < 0:
            return [Chip(_("assessment due"), "info", "calendar")]
        return [Chip(ngettext("assessment in %(n)s day", "assessment in %(n)s days", days) % {"n": days}, "", "calendar")]
    series = [value for value in one["pain_series"] or [] if value is not None]
    change = series[-1] - series[0] if len(series) >= SPARK_VALUES else 0
    if abs(change) >= CHANGE_WORTH_A_CHIP:
        sign = "+" if change > 0 else "−"
        return [Chip(_("pain %(change)s in %(n)s check-ins") % {"change": f"{sign}{abs(change)}", "n": len(series)})]
    return []


def action_of(one: dict[str, Any], group: str) -> tuple[str, str]:
    """Return the one action of a row: its kind and its word."""
    if group == "stop":
        return "call", _("Call now")
    reasons = {reason["rule"] for reason in one["reasons"] or [] if not reason.get("seen")}
    if reasons == {Rule.MESSAGE_WAITING} or (group in QUIET and Rule.MESSAGE_WAITING in reasons):
        return "answer", _("Answer")
    if group == "attention":
        return "review", _("Review")
    if not one["program_code"]:
        return "assign", _("Assign")
    if one["patient__membership__status"] in {None, Membership.Status.INVITED}:
        return "invite", _("Invite")
    return "open", _("Open")
