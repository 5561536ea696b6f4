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
from reminders.actions.devices import add_device, own_devices, remove_devices
from reminders.actions.figures import SPANS, figures_of
from reminders.actions.ledger import DAYS, coming, notices, past
from reminders.actions.phones import ask_number, confirm_number, forget_number, own_number
from reminders.actions.planning import agreed
from reminders.actions.policies import channels_of, keep_policy, offered, policy_of
from reminders.actions.reach import choices_for, open_again, ways_shown
from reminders.actions.reports import note_report
from reminders.actions.snoozing import choices_of, delivery_of_link, snooze
from reminders.actions.telling import order_test
from reminders.actions.wishes import keep_digest_wish, keep_wishes, patient_of_link, stop_all, wants_digest, wishes_for
from reminders.channels.sms import report_secret
from reminders.channels.webpush import public_key
from reminders.forms import BY_LABELS, LABELS, LATER_LABELS, CodeForm, NumberForm, PolicyForm, SampleForm, WishesForm
from reminders.links import calendar_url, read_later_token, read_report_token, read_stop_token, report_url
from reminders.models import Channel, Delivery, Kind
from reminders.rules.escalation import MANAGERS_AFTER_MINUTES
from reminders.rules.reports import NOT_DELIVERED, error_code, is_signed
from reminders.rules.snoozing import Later

CALENDAR_FETCHES = 60
"""So often an hour a calendar may be fetched, or a wrong address tried."""
CALENDARS_MADE = 10
WRONG_REPORTS = 30
"""So many reports without a valid signature an address may try within an hour."""
TESTS = 20


def shown(patient: Patient, member: Membership, now: dt.datetime) -> dict[str, Any]:
    """Return what the ledger shows of a patient, and note that it was read."""
    audit.record("delivery.list", clinic_id=patient.clinic_id, patient_id=patient.pk)
    policy = policy_of(patient.clinic_id)
    wishes = {kind: wish.under(policy) for kind, wish in wishes_for(patient).items() if policy.allows(kind)}
    channels = channels_of(policy)
    ways = ways_shown(patient, member, channels)
    can_choose = len(choices_for(ways, channels)) > 1
    return {
        "patient": patient,
        "days": coming(patient, member, now=now),
        "day_count": DAYS,
        "past": past(patient, member),
        "wishes": [
            (LABELS[kind][0], wish, LABELS[kind][1] is not None, BY_LABELS[Channel(wish.channel)] if can_choose else "")
            for kind, wish in wishes.items()
        ],
        "has_agreed": bool(agreed([patient.pk])),
        "today": local_day(now, patient.zone),
        "ways": ways,
        "zone": patient.zone,
        "has_push": Channel.PUSH in channels,
        "has_sms": Channel.SMS in channels,
    }


def staff_patient(request: MemberRequest, pk: UUID) -> Patient:
    """Return a patient of the clinic; 404 for others."""
    return get_visible(Patient.objects.select_related("clinic", "membership__user"), request.member, pk=pk)


@page("reminder.own")
def mine(request: MemberRequest) -> HttpResponse:
    """Show a patient what was sent, what was not and why, and what comes."""
    request.nav_key = "more"
    patient = own_patient(request)
    context = shown(patient, request.member, timezone.now())
    if context["has_push"]:
        context |= {"push_key": public_key(), "devices": own_devices(patient, request.member)}
    return render(request, "reminders/mine.html", context)


@page("reminder.own", methods=("POST",))
def device(request: MemberRequest) -> HttpResponse:
    """Switch notifications on for the device that asks, or off again on one or all."""
    patient, now, sent = own_patient(request), timezone.now(), request.POST
    if "off" in sent:
        try:
            which = UUID(sent["off"]) if sent["off"] != "all" else None
        except ValueError as error:
            raise Http404 from error
        remove_devices(patient=patient, which=which, by=request.member, now=now)
        messages.success(request, _("Notifications are off there."))
        return redirect("reminders:mine")
    keys = {name: sent.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    try:
        add_device(patient=patient, by=request.member, now=now, **keys)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Notifications are on on this device."))
    return redirect("reminders:mine")


@page("reminder.own", methods=("GET", "POST"))
def phone(request: MemberRequest) -> HttpResponse:
    """Give a number for text messages, confirm it with the code that was sent to it, or remove it."""
    request.nav_key = "more"
    patient, now, do = own_patient(request), timezone.now(), request.POST.get("do", "")
    if do == "forget":
        forget_number(patient=patient, by=request.member, now=now)
        messages.success(request, _("The number was removed."))
        return redirect("reminders:phone")
    form: NumberForm | CodeForm = CodeForm(request.POST) if do == "confirm" else NumberForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if isinstance(form, CodeForm):
                    confirm_number(patient=patient, code=form.cleaned_data["code"], by=request.member, now=now)
                    messages.success(request, _("Your number is confirmed. Reminders now come as text messages."))
                    return redirect("reminders:mine")
                ask_number(patient=patient, typed=form.cleaned_data["number"], by=request.member, now=now)
                return redirect("reminders:phone")
            except DomainError as error:
                add_errors(form, error)
                status = error.status_code if isinstance(error, TooMany) else status_of(form, error)
    audit.record("delivery.list", clinic_id=patient.clinic_id, patient_id=patient.pk)
    contact = own_number(patient, request.member)
    waits = contact is not None and contact.confirmed_at is None and contact.code_until_at is not None and contact.code_until_at > now
    context: dict[str, Any] = {
        "patient": patient,
        "contact": contact,
        "waits": waits,
        "has_sms": Channel.SMS in channels_of(policy_of(patient.clinic_id)),
        "number_form": form if isinstance(form, NumberForm) else NumberForm(),
        "code_form": form if isinstance(form, CodeForm) else CodeForm(),
    }
    return render(request, "reminders/phone.html", context, status=status)


@page("reminder.own", methods=("POST",))
def again(request: MemberRequest) -> HttpResponse:
    """Try a refused address once more."""
    open_again(patient=own_patient(request), by=request.member, now=timezone.now())
    messages.success(request, _("We try this address again."))
    return redirect("reminders:mine")


@page("reminder.set", methods=("POST",))
def patient_again(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the clinic try a patient's refused address once more."""
    patient = staff_patient(request, pk)
    open_again(patient=patient, by=request.member, now=timezone.now())
    messages.success(request, _("We try this address again."))
    return redirect("reminders:ledger", pk=patient.pk)


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
        "sample_form": SampleForm(),
    }
    return render(request, "reminders/notices.html", context)


@page("reminder.test", methods=("POST",))
def test(request: MemberRequest) -> HttpResponse:
    """Mail a sample of a reminder to oneself."""
    form, now = SampleForm(request.POST), timezone.now()
    if not form.is_valid():
        messages.error(request, _("Please choose one of the mails."))
        return redirect("reminders:notices")
    if not throttle.take(f"reminder-test:{request.member.pk}", amount=TESTS, seconds=3600, now=now):
        raise TooMany(_("You have asked for many test mails within an hour. Please try again in an hour."))
    order_test(by=request.member, sample=Kind(form.cleaned_data["kind"]), now=now)
    messages.success(request, _("The test mail comes to your own address within a minute."))
    return redirect("reminders:texts" if request.POST.get("back") == "texts" else "reminders:notices")


@page("reminder.policy", methods=("GET", "POST"))
def policy(request: MemberRequest) -> HttpResponse:
    """Show and change the clinic's rules for reminders."""
    request.nav_key = "clinic"
    rules, can = policy_of(request.member.clinic_id), offered()
    form = PolicyForm(request.POST or None, policy=rules, offered=[channel for channel in Channel if channel in can])
    if request.method == "POST" and form.is_valid():
        keep_policy(by=request.member, changes=form.changes, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("reminders:policy")
    return render(request, "reminders/policy.html", {"form": form, "can": can}, status=422 if form.is_bound else 200)


@page("reminder.figures")
def figures(request: MemberRequest) -> HttpResponse:
    """Show a manager what became of the clinic's reminders in the last 7 or 30 days."""
    request.nav_key = "clinic"
    days = 30 if request.GET.get("days") == "30" else SPANS[0]
    audit.record("figures.list", clinic_id=request.member.clinic_id)
    context = {"figures": figures_of(request.member, days=days, now=timezone.now()), "spans": SPANS}
    return render(request, "reminders/figures.html", context)


def handle_wishes(request: HttpRequest, patient: Patient, by: Membership | None) -> tuple[WishesForm, int]:
    """Show or take the form of wishes; 0 as status means that they were stored."""
    rules = policy_of(patient.clinic_id)
    wishes = {kind: wish for kind, wish in wishes_for(patient).items() if rules.allows(kind)}
    channels = channels_of(rules)
    # Behind a signed link nobody is signed in; what is asked is only whether a way exists.
    ways = ways_shown(patient, by or patient.membership, channels)
    form = WishesForm(request.POST or None, wishes=wishes, channels=choices_for(ways, channels))
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


# The provider posts without cookies or token; its signature over address and fields is what allows it.
@csrf_exempt
@page(PUBLIC, methods=("POST",))
def text_report(request: HttpRequest, token: str) -> HttpResponse:
    """Take the provider's report on a text message; whatever it did not sign is answered like an address that is not there."""
    fields = {name: request.POST.getlist(name) for name in request.POST}
    delivery_id = read_report_token(token)
    signature = request.headers.get("X-Twilio-Signature", "")
    # The address it was given, not the one a proxy made of it.
    if delivery_id is None or not is_signed(report_url(delivery_id), fields, report_secret(), signature):
        if not throttle.take(f"text-report:{client_address(request)}", amount=WRONG_REPORTS, seconds=3600, now=timezone.now()):
            return too_many_requests(request)
        raise Http404
    if request.POST.get("MessageStatus") in NOT_DELIVERED:
        code = error_code(fields.get("ErrorCode", ()))
        note_report(delivery_id=delivery_id, number=request.POST.get("To", ""), code=code, now=timezone.now())
    return HttpResponse(status=204, headers={"Cache-Control": "no-store, private"})


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
        context = {
            "form": form,
            "token": token,
            "stored": "done" in request.GET,
            "is_any_on": is_any_on,
            "chooses": "choose" in request.GET,
        }
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
