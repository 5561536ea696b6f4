"""Runs inside the product (Django is set up): fills data, signs people in, and writes JSON to standard output for bench/pages.py."""

import datetime as dt
import json
import sys
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from clinics.actions.tokens import create_token
from clinics.localtime import local_day
from clinics.middleware import CLINIC_KEY, SEEN_KEY, STARTED_KEY
from clinics.models import Clinic, Membership, Role
from patients.models import CheckIn, Patient

READERS = 40
HEAVY_LOGS = 20_000
Person = dict[str, Any]


def cookie(member: Membership) -> str:
    """Sign a person in as the log-in page would; return the cookie."""
    assert member.user is not None
    store = SessionStore()
    store[SESSION_KEY] = str(member.user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = member.user.get_session_auth_hash()
    store[CLINIC_KEY] = str(member.clinic_id)
    store[STARTED_KEY] = store[SEEN_KEY] = int(time.time())
    store.create()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


def people(posters: int) -> dict[str, Any]:
    """Return cookies and tokens: readers, a therapist, posters without a check-in today, one patient with 20,000 check-ins."""
    now = timezone.now()
    clinic = Clinic.objects.filter(slug="measuring-1").get()
    today = local_day(now, clinic.time_zone)
    running = Patient.objects.filter(assignments__status="running", sessions__on=today, sessions__status="planned", clinic=clinic)
    readers = list(running.select_related("membership__user").order_by("pk").distinct()[:READERS])
    fresh = Patient.objects.exclude(check_ins__on=today).exclude(pk__in=[one.pk for one in readers])
    writers = list(fresh.select_related("membership__user", "clinic").order_by("pk")[:posters])
    therapist = Membership.objects.current().filter(clinic=clinic, role=Role.THERAPIST).select_related("user").order_by("pk").first()
    manager = Membership.objects.current().filter(clinic=clinic, role=Role.MANAGER).select_related("user").get()
    assert therapist is not None
    heavy = readers[-1]
    add_logs(heavy, today)
    return {
        "today": [cookie(one.membership) for one in readers if one.membership],
        "caseload": [cookie(one) for one in (manager, therapist)],
        "tokens": [token(one) for one in readers[:-1]],
        "heavy": token(heavy),
        "posters": [token(one) for one in writers],
        "paths": {
            "today": reverse("patients:today"),
            "caseload": f"{reverse('patients:caseload')}?who=clinic",
            "login": reverse("account_login"),
            "list": "/api/v1/check-ins/?page_size=20",
            "post": "/api/v1/check-ins/",
        },
    }


def staff(slug: str) -> dict[str, str]:
    """Return the cookies of a clinic's manager and of one of its therapists."""
    rows = Membership.objects.current().filter(clinic__slug=slug).select_related("user").order_by("pk")
    return {role.value: cookie(rows.filter(role=role)[:1].get()) for role in (Role.MANAGER, Role.THERAPIST)}


def token(patient: Patient) -> str:
    """Return a new key of a patient."""
    assert patient.membership is not None
    return create_token(by=patient.membership, name="bench", days=1, now=timezone.now())[1]


def add_logs(patient: Patient, today: Any) -> None:
    """Give one patient 20,000 check-ins of the years before."""
    days = (today - dt.timedelta(days=400 + n) for n in range(HEAVY_LOGS))
    now = timezone.now()
    own = {"clinic_id": patient.clinic_id, "patient": patient, "pain_0_10": 3, "readiness_0_10": 6, "done_at": now, "entered_at": now}
    CheckIn.objects.bulk_create((CheckIn(on=day, **own) for day in days), batch_size=2000, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def main() -> None:
    """Do what the command line says."""
    what = sys.argv[1]
    if what == "fill":
        call_command("load_demo", patients=int(sys.argv[2]), days=int(sys.argv[3]), stdout=sys.stderr)
        print("{}")
    elif what == "staff":
        print(json.dumps(staff(sys.argv[2])))
    else:
        print(json.dumps(people(int(sys.argv[2]))))
