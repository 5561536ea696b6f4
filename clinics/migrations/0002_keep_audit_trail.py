"""Make the database itself refuse changes of the audit trail."""

from typing import Any

from django.db import migrations

from clinics import trail_triggers


def install(apps: Any, schema_editor: Any) -> None:
    """Create the triggers."""
    trail_triggers.install(schema_editor.connection)


def remove(apps: Any, schema_editor: Any) -> None:
    """Drop the triggers."""
    trail_triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """Triggers for PostgreSQL and SQLite."""

    dependencies = [("clinics", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
