"""Many patients at little cost: a few real ones are made by the product, then copied table by table inside the database."""

import datetime as dt
from typing import Any

from django.db import connection, models

SEED = 500
A_CLINIC = 250
"""So many patients a clinic has."""
# One function on both databases: the id that copy number k of a row has.
ON_POSTGRESQL = """
create or replace function twin(id uuid, k integer) returns uuid language sql immutable parallel safe
as $$ select case when k = 0 then id else md5(id::text || k::text)::uuid end $$
"""


def fill(patients: int, *, now: dt.datetime, with_sessions: bool = True) -> int:
    """Let there be at least so many patients with a session today and a wish for this minute; return how many there are.

    Where there are fewer, everything is copied; `with_sessions` False leaves out what only planning and sending look at.
    """
    from clinics.models import Clinic, Membership, User
    from patients.models import Assignment, Consent, Patient, ScheduledSession
    from reminders.actions.rehearsal import make_due
    from reminders.models import Delivery, Preference

    if not Patient.objects.exists():
        for number in range(SEED // A_CLINIC):
            clinic = Clinic.objects.create(slug=f"bench-{number}", name=f"Clinic {number}", time_zone="UTC")
            make_due(clinic=clinic, count=A_CLINIC, now=now, caseload=False)
        Delivery.objects.all().delete()
    there = Patient.objects.count()
    copies = -(-patients // there) - 1
    if copies > 0:
        tables: list[type[models.Model]] = [Clinic, User, Membership, Patient]
        tables += [Consent, Assignment, ScheduledSession, Preference] if with_sessions else []
        multiply(tables, copies, round_number=there)
    return there * (copies + 1)


def multiply(tables: list[type[models.Model]], copies: int, *, round_number: int) -> None:
    """Copy every row of these tables so many times, with new ids and keys between them that fit; no two rounds share a number."""
    first, last = round_number + 1, round_number + copies
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute(ON_POSTGRESQL)
            numbers = f"(select generate_series({first}, {last}) k) n"
            # Keys between the copies fit by construction; checking a million of them one by one would take most of the time.
            cursor.execute("set session_replication_role = replica")
        else:
            connection.connection.create_function("twin", 2, twin, deterministic=True)
            numbers = f"(with recursive n(k) as (select {first} union all select k + 1 from n where k < {last}) select k from n) n"
        for model in tables:
            columns = [f'"{field.column}"' for field in model._meta.concrete_fields]
            values = [expression(field, tables) for field in model._meta.concrete_fields]
            table = model._meta.db_table
            cursor.execute(f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {table} t, {numbers}")
        if is_postgresql:
            cursor.execute("set session_replication_role = default")
            cursor.execute("analyze")


def expression(field: Any, tables: list[type[models.Model]]) -> str:
    """Return what stands in one column of a copy."""
    column = f't."{field.column}"'
    if field.primary_key or (field.is_relation and field.related_model in tables):
        return f"twin({column}, n.k)"
    if field.column == "email" and field.unique:
        return f"n.k || '-' || {column}"
    if field.column == "slug":
        return f"{column} || '-' || n.k"
    return column


def twin(key: str | None, number: int) -> str | None:
    """Return the id that copy number `number` of a row has, as SQLite keeps it."""
    import hashlib

    return hashlib.md5(f"{key}{number}".encode(), usedforsecurity=False).hexdigest() if key else None
