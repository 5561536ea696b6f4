"""Database triggers that keep the audit trail append-only; the one change allowed is sealing an entry once."""

from typing import Any

TABLE = "clinics_auditevent"
COLUMNS = (
    "id",
    "clinic_id",
    "actor_id",
    "role",
    "action",
    "patient_id",
    "object_type",
    "object_id",
    "details",
    "outcome",
    "address",
    "request_id",
    "at",
)


def install(connection: Any) -> None:
    """Create the triggers on SQLite or PostgreSQL."""
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop the triggers; only a test database that must be emptied, or a reversed migration, does so."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP TRIGGER IF EXISTS auditevent_keep ON {TABLE}")
            cursor.execute("DROP FUNCTION IF EXISTS auditevent_keep()")
        else:
            cursor.execute("DROP TRIGGER IF EXISTS auditevent_keep_update")
            cursor.execute("DROP TRIGGER IF EXISTS auditevent_keep_delete")


def _statements(vendor: str) -> list[str]:
    if vendor == "postgresql":
        changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in COLUMNS)
        return [
            f"""CREATE OR REPLACE FUNCTION auditevent_keep() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' OR OLD.digest <> '' OR NEW.digest = '' OR {changed} THEN
                    RAISE EXCEPTION 'the audit trail is append-only';
                END IF;
                RETURN NEW;
            END $$""",
            f"""CREATE TRIGGER auditevent_keep BEFORE UPDATE OR DELETE ON {TABLE}
            FOR EACH ROW EXECUTE FUNCTION auditevent_keep()""",
        ]
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in COLUMNS)
    return [
        f"""CREATE TRIGGER IF NOT EXISTS auditevent_keep_update BEFORE UPDATE ON {TABLE}
        WHEN OLD.digest <> '' OR NEW.digest = '' OR {changed}
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
        f"""CREATE TRIGGER IF NOT EXISTS auditevent_keep_delete BEFORE DELETE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    ]
