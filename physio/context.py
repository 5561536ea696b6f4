"""What every page knows: person, clinic, navigation, language and look."""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, F, Value
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from clinics.emergency import number_for
from clinics.middleware import SEEN_STEP_SECONDS, SessionLimitsMiddleware
from clinics.models import Membership, Role
from clinics.permissions import allows
from clinics.prepared import PreparedForStaff
from clinics.web import today_of
from patients.lanes import expected_on
from patients.models import CaseloadEntry


class Item(NamedTuple):
    """One place of the navigation: its key, words, address, icon, and the action a role must have."""

    key: str
    label: str | Promise
    url_name: str
    icon: str
    action: str


STAFF = (
    Item("caseload", _("Caseload"), "patients:caseload", "users", "caseload.list"),
    Item("group", pgettext_lazy("navigation", "In clinic today"), "patients:group", "stethoscope", "group.view"),
    Item("programs", _("Programs"), "programs:list", "library", "program.list"),
    Item("outcomes", _("Outcomes"), "patients:outcomes", "chart-line", "outcomes.view"),
    Item("clinic", _("Clinic"), "clinics:clinic", "building-2", "clinic.change"),
)
AREA: tuple[tuple[str | Promise, tuple[Item, ...]], ...] = (
    (
        _("Practice"),
        (
            Item("settings", _("Settings"), "clinics:clinic", "settings", "clinic.change"),
            Item("closed", _("Closed days"), "clinics:closed_days", "calendar-x", "clinic.change"),
            Item("rules", _("Triage rules"), "patients:rules", "gauge", "rules.view"),
            Item("texts", _("Texts and look"), "reminders:texts", "type", "clinic.look"),
        ),
    ),
    (
        _("Team"),
        (
            Item("staff", _("Staff"), "clinics:staff", "user-cog", "staff.list"),
            Item("cover", _("Holiday and cover"), "patients:covers", "plane", "cover.list"),
            Item("hand_over", _("Hand over"), "patients:hand_over", "arrow-left-right", "patient.hand_over"),
            Item("imports", _("Import a list"), "patients:imports", "upload", "import.run"),
        ),
    ),
    (
        pgettext_lazy("navigation", "Reminders"),
        (
            Item("policy", _("Rules"), "reminders:policy", "sliders-horizontal", "reminder.policy"),
            Item("notices", _("Mails to staff"), "reminders:notices", "mail", "notice.list"),
            Item("figures", _("Figures"), "reminders:figures", "chart-column", "reminder.figures"),
        ),
    ),
    (
        _("Data protection"),
        (
            Item("access", _("Unusual access"), "patients:access", "eye", "access.list"),
            Item("trail", _("Audit trail"), "patients:trail", "shield-check", "audit.list"),
            Item("erasure", _("Erasure"), "patients:erasure_requests", "inbox", "erasure.list"),
        ),
    ),
)
"""The places of the clinic's own area, in groups, for whoever manages it."""
AREA_PATH = "/clinic/"
PATIENT = (
    Item("today", _("Today"), "patients:today", "calendar-check", "today.view"),
    Item("plan", _("Plan"), "patients:plan", "clipboard-list", "plan.view"),
    Item("progress", _("Progress"), "patients:progress", "trending-up", "progress.view"),
    Item("messages", _("Messages"), "patients:messages", "message-circle", "message.own"),
    Item("more", _("More"), "patients:more", "ellipsis", "own.settings"),
)
BEHIND: dict[str, str] = {
    "/settings/": "more",
    "/accounts/": "more",
    "/me/runs/": "progress",
    "/me/shoes/": "progress",
    "/me/assessment/": "progress",
    "/me/entries/": "progress",
}
"""What a patient reaches through a place of the navigation, although it stands elsewhere."""
TODAY = -1
"""Stands beside the sections of the caseload where the people of today are counted with them."""
SHELLS = {True: "_shell_patient.html", False: "_shell_pro.html", None: "_shell_gate.html"}


def ui(request: HttpRequest) -> dict[str, Any]:
    """Return the template context shared by all pages; what needs the database is asked only when a template uses it."""
    member: Membership | None = getattr(request, "member", None)
    user = getattr(request, "user", None)
    known = user if user is not None and user.is_authenticated else None
    return {
        "product": settings.PRODUCT_NAME,
        "ui": {
            "language": (translation.get_language() or settings.LANGUAGE_CODE)[:2],
            "theme": getattr(known, "theme", ""),
            "text": getattr(known, "text_size", ""),
            "idle_seconds": SessionLimitsMiddleware.limits(member)[0] - SEEN_STEP_SECONDS if known else 0,
            "person": str(known.pk) if known else "",
        },
        "member": member,
        "clinic": member.clinic if member else None,
        "member_clinics": [row.clinic for row in getattr(known, "memberships_loaded", ())],
        "nav": navigation(request, member),
        "area": clinic_area(request, member),
        "emergency_number": number_for(member.clinic if member else None),
        "shell": SHELLS[member.is_patient if member else None],
    }


def navigation(request: HttpRequest, member: Membership | None) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that lists the places of the member's role, counted once however often a template asks."""

    @cache
    def build() -> list[dict[str, Any]]:
        if member is None:
            return []
        counts = cache(lambda: _counts(member))
        items = [item for item in (PATIENT if member.is_patient else STAFF) if allows(member, item.action)]
        places = [place for item in items if (place := _place(item)) is not None]
        here = max((place["url"] for place in places if request.path.startswith(place["url"])), key=len, default="")
        named = getattr(request, "nav_key", "")
        if not named and member.is_patient:
            named = next((key for start, key in BEHIND.items() if request.path.startswith(start)), "")
        for place in places:
            place["current"] = place["key"] == named if named else place["url"] == here
            if place["key"] == "caseload":
                need, place["urgent"] = counts()[:2]
                place["count"], place["told"] = need, _need_text(member, need)
            elif place["key"] == "group":
                today = place["count"] = counts()[2]
                place["told"] = ngettext("%(n)s person comes today", "%(n)s people come today", today) % {"n": today}
            elif place["key"] == "messages":
                place["count"] = getattr(request, "unread_messages", 0)
        return places

    return build


def clinic_area(request: HttpRequest, member: Membership | None) -> Callable[[], dict[str, Any] | None]:
    """Return a function that lists the places of the clinic's area on its pages, with the one shown; nothing elsewhere and for others."""

    @cache
    def build() -> dict[str, Any] | None:
        if member is None or not request.path.startswith(AREA_PATH) or not allows(member, "clinic.change"):
            return None
        groups: list[dict[str, Any]] = []
        places: list[dict[str, Any]] = []
        for label, items in AREA:
            found = [place for item in items if allows(member, item.action) and (place := _place(item)) is not None]
            groups.append({"label": label, "items": found})
            places += found
        here = max((place["url"] for place in places if request.path.startswith(place["url"])), key=len, default="")
        shown = next((place for place in places if place["url"] == here), None)
        for place in places:
            place["current"] = place is shown
        if shown is None:
            return None
        return {"groups": groups, "label": shown["label"], "icon": shown["icon"]}

    return build


def _place(item: Item) -> dict[str, Any] | None:
    try:
        url = reverse(item.url_name)
    except NoReverseMatch:
        return None
    return {"key": item.key, "label": item.label, "url": url, "icon": item.icon, "count": 0, "told": "", "current": False, "urgent": False}


def _need_text(member: Membership, count: int) -> str:
    """Say whom the count beside the caseload counts: a therapist's own patients, or those of the whole clinic."""
    if member.role == Role.THERAPIST:
        return ngettext("%(n)s of your patients needs you", "%(n)s of your patients need you", count) % {"n": count}
    return ngettext("%(n)s patient of the clinic needs somebody", "%(n)s patients of the clinic need somebody", count) % {"n": count}


def _numbers(member: Membership, today: dt.date) -> Any:
    """Return how many lines of each section need the member, and how many people come on a day, as one query."""
    lines = CaseloadEntry.objects.visible_to(member).filter(is_listed=True, section__gte=CaseloadEntry.Section.ATTENTION).order_by()
    if member.role == Role.THERAPIST:
        lines = lines.filter(therapist=member)
    expected = expected_on(member, today).order_by().values_list(Value(TODAY)).annotate(n=Count("*"))
    return lines.values_list(F("section")).annotate(n=Count("*")).union(expected, all=True)


_prepared_numbers = PreparedForStaff(_numbers, today=dt.date)


def _counts(member: Membership) -> tuple[int, bool, int]:
    """Return how many patients need the member (a manager: anybody), whether one of them shows a stop sign, and how many come today."""
    found: dict[int, int] = dict(_prepared_numbers.rows(member, today=today_of(member.clinic)))
    expected = found.pop(TODAY, 0)
    return sum(found.values()), CaseloadEntry.Section.STOP in found, expected
