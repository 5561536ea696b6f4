"""How a clinic looks and what it says of itself, for pages, mails and papers."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from clinics.models import ClinicLogo, ClinicText


@dataclass(frozen=True, slots=True)
class Words:
    """The clinic's own words in one language; empty where it has none."""

    reminder: str = ""
    invitation: str = ""
    closing: str = ""
    signature: str = ""


NO_WORDS = Words()


def words_of(clinics: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], Words]:
    """Return the own words of these clinics, by clinic and language; one query."""
    rows = ClinicText.objects.filter(clinic_id__in=clinics)
    columns = ("clinic_id", "language", "reminder", "invitation", "closing", "signature")
    return {(clinic, language): Words(*texts) for clinic, language, *texts in rows.values_list(*columns)}


def logo_url(logo: uuid.UUID | None) -> str:
    """Return the whole address of a logo, for mails; empty without one. It is the same for every reader and tells nothing about them."""
    return f"{settings.BASE_URL}{reverse('clinics:logo', args=[logo])}" if logo else ""


def logo_with_key(key: uuid.UUID) -> ClinicLogo | None:
    """Return a logo by its own id, which nobody can guess: it is as public as the sign at the clinic's door."""
    return ClinicLogo.objects.filter(pk=key).first()


def logo_of(clinic: uuid.UUID) -> bytes | None:
    """Return the PNG of a clinic's logo for papers, None without one."""
    content = ClinicLogo.objects.filter(clinic_id=clinic).order_by("-created_at").values_list("content", flat=True).first()
    return bytes(content) if content is not None else None
