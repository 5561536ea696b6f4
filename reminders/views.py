"""Pages of reminders: what was sent and what comes, for patient and clinic alike, the wishes, and the page behind a stop link."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from clinics import audit, throttle
from clinics.errors import DomainError, TooMany
from clinics.localtime import local_day
from clinics.middleware import client_address
from clinics.models import Membership
from clinics.permissions import PUBLIC
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of, too_many_requests
from exports.calendar_feed import write_calendar
from patients.models import Patient
from patients.views.own import own_patient
from reminders.actions.calendars import end_key, key_in_force, make_key, note_use, open_key
from reminders.actions.ledger import DAYS, coming, notices, past
from reminders.actions.planning import agreed
from reminders.actions.snoozing import choices_of, delivery_of_link, snooze
from reminders.actions.wishes import keep_digest_wish, keep_wishes, patient_of_link, stop_all, wants_digest, wishes_for
from reminders.forms import LABELS, LATER_LABELS, WishesForm
from reminders.links import calendar_url, read_later_token, read_stop_token
from reminders.models import Delivery
from reminders.rules.escalation import MANAGERS_AFTER_MINUTES
from reminders.rules.snoozing import Later

CALENDAR_FETCHES = 60
"""So often an hour a calendar may be fetched, or a wrong address tried."""
CALENDARS_MADE = 10


def shown(patient: Patient, member: Membership, now: dt.datetime) -> dict[str, Any]:
    """Return what the ledger shows of a patient, and note that it was read."""
    audit.record("delivery.list", clinic_id=patient.clinic_id, patient_id=patient.pk)
    return {
        "patient": patient,
        "days": coming(patient, member, now=now),
        "day_count": DAYS,
        "past": past(patient, member),
        "wishes": [(LABELS[kind][0], wish, LABELS[kind][1] is not None) for kind, wish in wishes_for(patient).items()],
        "has_agreed": bool(agreed([patient.pk])),
        "today": local_day(now, patient.zone),
        "address": patient.membership.user.email if patient.membership and patient.membership.user else "",
    }


def staff_patient(request: MemberRequest, pk: UUID) -> Patient:
    """Return a patient of the clinic; 404 for others."""
    return get_visible(Patient.objects.select_related("clinic", "membership__user"), request.member, pk=pk)


@page("reminder.own")
def mine(request: MemberRequest) -> HttpResponse:
    """Show a patient what was sent, what was not and why, and what comes."""
    request.nav_key = "more"
    return render(request, "reminders/mine.html", shown(own_patient(request), request.member, timezone.now()))


@page("reminder.ledger")
def ledger(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show the clinic the same."""
    patient = staff_patient(request, pk)
    context = shown(patient, request.member, timezone.now())
    context["notices"] = notices(request.member, patient.clinic.time_zone, patient)
    return render(request, "reminders/ledger.html", context)


@page("notice.list", methods=("GET", "POST"))
def staff_notices(request: MemberRequest) -> HttpResponse:
    """Show what the people of the clinic were told; POST switches one's own daily digest on or off."""
    member = request.member
    if request.method == "POST":
        keep_digest_wish(by=member, is_wanted=request.POST.get("digest") == "on", now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("reminders:notices")
    audit.record("notice.list", clinic_id=member.clinic_id)
    context = {
        "notices": notices(member, member.clinic.time_zone),
        "wants_digest": wants_digest(member),
        "minutes": member.clinic.escalate_minutes,
        "managers_after": MANAGERS_AFTER_MINUTES,
    }
    return render(request, "reminders/notices.html", context)


def handle_wishes(request: HttpRequest, patient: Patient, by: Membership | None) -> tuple[WishesForm, int]:
    """Show or take the form of wishes; 0 as status means that they were stored."""
    wishes = wishes_for(patient)
    form = WishesForm(request.POST or None, wishes=wishes)
    if request.method != "POST":
        return form, 200
    error = None
    if form.is_valid():
        now = timezone.now()
        try:
            keep_wishes(patient=patient, wishes=form.wishes(local_day(now, patient.zone)), by=by, now=now)
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            return form, 0
    return form, status_of(form, error)


@page("reminder.own", methods=("GET", "POST"))
def preferences(request: MemberRequest) -> HttpResponse:
    """Let a patient choose what to be reminded of, and when."""
    request.nav_key = "more"
    patient = own_patient(request)
    form, status = handle_wishes(request, patient, request.member)
    if not status:
        messages.success(request, _("Your reminder times are saved."))
        return redirect("reminders:mine")
    return render(request, "reminders/preferences.html", {"form": form, "patient": patient}, status=status)


@page("reminder.set", methods=("GET", "POST"))
def patient_preferences(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the clinic change the times a patient asked for at the desk or on the phone."""
    patient = staff_patient(request, pk)
    form, status = handle_wishes(request, patient, request.member)
    if not status:
        messages.success(request, _("The reminder times are saved."))
        return redirect("reminders:ledger", pk=patient.pk)
    return render(request, "reminders/patient_preferences.html", {"form": form, "patient": patient}, status=status)


@page("calendar.own", methods=("GET", "POST"))
def calendar(request: MemberRequest) -> HttpResponse:
    """Show whether a calendar fetches the sessions; POST makes a new secret address, shown on this one answer only, or ends it."""
    request.nav_key = "more"
    patient, now, address = own_patient(request), timezone.now(), ""
    if request.method == "POST" and request.POST.get("do") == "end":
        end_key(patient=patient, by=request.member, now=now)
        messages.success(request, _("The calendar address was ended. Calendars that use it show nothing new."))
        return redirect("reminders:calendar")
    if request.method == "POST":
        if not throttle.take(f"calendar-make:{patient.pk}", amount=CALENDARS_MADE, seconds=3600, now=now):
            raise TooMany(_("You have made many addresses within an hour. Please try again in an hour."))
        address = calendar_url(make_key(patient=patient, by=request.member, now=now))
    else:
        audit.record("calendar.list", clinic_id=patient.clinic_id, patient_id=patient.pk)
    context = {"patient": patient, "key": key_in_force(patient, request.member), "address": address, "zone": patient.zone}
    response = render(request, "reminders/calendar.html", context, status=201 if address else 200)
    response["Cache-Control"] = "no-store, private"
    return response


@page(PUBLIC)
def calendar_feed(request: HttpRequest, key: str) -> HttpResponse:
    """Send the calendar behind a secret address; an unknown or ended one is not there, and too many fetches are refused."""
    now = timezone.now()
    row = open_key(key)
    # Whoever guesses is counted by address, a calendar program by its key, so that neither can use up the other's tries.
    limit = f"calendar:{row.pk}" if row else f"calendar-miss:{client_address(request)}"
    if not throttle.take(limit, amount=CALENDAR_FETCHES, seconds=3600, now=now):
        return too_many_requests(request)
    if row is None:
        raise Http404
    content = write_calendar(row.patient, now=now)
    note_use(row, now=now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response["Cache-Control"] = "no-cache, private"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def behind_link(token: str) -> Patient:
    """Return whose wishes a signed link opens; 404 for anything else."""
    patient_id = read_stop_token(token)
    patient = patient_of_link(patient_id) if patient_id else None
    if patient is None:
        raise Http404
    return patient


def in_their_language(request: HttpRequest, patient: Patient) -> Any:
    """Return the context in which a page behind a link speaks: the language just chosen, else the patient's."""
    user = patient.membership.user if patient.membership else None
    chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    return translation.override(translation.get_language() if chosen else (user.language if user else "") or patient.language)


def for_nobody_else(response: HttpResponse) -> HttpResponse:
    """Keep a page behind a link out of caches, search engines and the address another page is told."""
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@page(PUBLIC, methods=("GET", "POST"))
def later(request: HttpRequest, token: str) -> HttpResponse:
    """Put one reminder off from a mail, without signing in; shows times and nothing else, and changes only by POST."""
    delivery_id = read_later_token(token)
    row = delivery_of_link(delivery_id) if delivery_id else None
    if row is None:
        raise Http404
    now, refused, status = timezone.now(), "", 200
    with in_their_language(request, row.patient):
        if request.method == "POST":
            try:
                snooze(row=row, later=Later(request.POST.get("for", "")), now=now)
                return redirect(f"{request.path}?done=1")
            except ValueError:
                status = 422
            except DomainError as error:
                refused, status = str(error.message), 409
        context = {
            "token": token,
            "choices": [(one, LATER_LABELS[one], times[0]) for one, times in choices_of(row, now=now).items()],
            "wished": request.GET.get("for", ""),
            "coming": row.due_at if row.status == Delivery.Status.QUEUED and row.snoozes else None,
            "zone": row.patient.zone,
            "refused": refused,
        }
        return for_nobody_else(render(request, "reminders/later.html", context, status=status))


@page(PUBLIC, methods=("GET", "POST"))
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Stop or change reminders from a mail, without signing in; shows the wishes and nothing else, and changes only by POST."""
    patient = behind_link(token)
    with in_their_language(request, patient):
        if request.method == "POST" and "stop" in request.POST:
            stop_all(patient=patient, by=None, now=timezone.now())
            return redirect(f"{request.path}?done=1")
        form, status = handle_wishes(request, patient, None)
        if not status:
            return redirect(f"{request.path}?done=1")
        is_any_on = any(wish.is_on for wish in wishes_for(patient).values())
        context = {"form": form, "token": token, "stored": "done" in request.GET, "is_any_on": is_any_on}
        return for_nobody_else(render(request, "reminders/stop.html", context, status=status))


# Mail programs post without cookies or token (RFC 8058); the signed key in the address is what allows it.
@csrf_exempt
@page(PUBLIC, methods=("GET", "POST"))
def one_click(request: HttpRequest, token: str) -> HttpResponse:
    """Stop all reminders when a mail program posts here; a person who follows the address gets the page with buttons."""
    patient = behind_link(token)
    if request.method != "POST":
        return redirect("reminders:stop", token=token)
    if request.POST.get("List-Unsubscribe") != "One-Click":
        return HttpResponse(status=400)
    stop_all(patient=patient, by=None, now=timezone.now())
    return HttpResponse(status=200, headers={"Cache-Control": "no-store, private"})
