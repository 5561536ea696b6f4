"""Who works in a clinic now."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from clinics.models import Membership, Role
from reminders.rules.escalation import Colleague


def staff_of(clinics: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Colleague]]:
    """Return who works in these clinics now, whoever came first in front."""
    found: dict[uuid.UUID, list[Colleague]] = defaultdict(list)
    rows = Membership.objects.current().staff().filter(clinic_id__in=list(clinics)).order_by("created_at", "pk")
    for key, clinic, role in rows.values_list("pk", "clinic_id", "role"):
        found[clinic].append(Colleague(key, role == Role.MANAGER))
    return found
