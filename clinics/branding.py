"""How a clinic looks and what it says of itself, for pages, mails and papers."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
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
KEPT_SECONDS = 60


def words_of(clinics: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], Words]:
    """Return the own words of these clinics, by clinic and language; one query a minute for each, however many mails are sent."""
    keys = {words_key(clinic): clinic for clinic in clinics}
    known: dict[str, dict[str, Words]] = cache.get_many(keys)
    if missing := {key: clinic for key, clinic in keys.items() if key not in known}:
        found: dict[str, dict[str, Words]] = {key: {} for key in missing}
        columns = ("clinic_id", "language", "reminder", "invitation", "closing", "signature")
        for clinic, language, *texts in ClinicText.objects.filter(clinic_id__in=missing.values()).values_list(*columns):
            found[words_key(clinic)][language] = Words(*texts)
        cache.set_many(found, KEPT_SECONDS)
        known |= found
    return {(keys[key], language): words for key, texts in known.items() for language, words in texts.items()}


def words_key(clinic: uuid.UUID) -> str:
    """Return where the own words of a clinic are kept for a minute; whoever changes them forgets them there."""
    return f"clinic-words:{clinic}"


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
