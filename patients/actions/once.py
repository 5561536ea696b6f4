"""The same thing sent twice is stored once; the same key with other content is refused."""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from clinics.errors import Conflict, DomainError
from patients.models import Patient

M = TypeVar("M", bound=models.Model)


def digest_of(content: dict[str, Any]) -> str:
    """Return the digest of what was sent, whatever the order of its parts."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def store_once(
    model: type[M], *, patient: Patient, client_key: uuid.UUID | None, content: dict[str, Any], store: Callable[[str], M]
) -> tuple[M, bool]:
    """Run `store` in a transaction, or return what the same key stored before: (row, whether it is new).

    `store` holds every check that may come out differently later (dates, holds, what is already there), so that a repetition is answered
    with the first result even when a new entry would be refused by now. Raises Conflict when the key was used for other content.
    A collision of two requests at once ends the same way as one after the other.
    """
    digest = digest_of(content)
    try:
        with transaction.atomic():
            return store(digest), True
    except (IntegrityError, DomainError):
        if client_key is None:
            raise
        earlier = model._default_manager.filter(clinic_id=patient.clinic_id, patient=patient, client_key=client_key).first()
        if earlier is None:
            raise
    if getattr(earlier, "client_digest", "") != digest:
        raise Conflict(_("This entry was already sent with other content. Nothing was overwritten."))
    return earlier, False
