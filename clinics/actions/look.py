"""How a clinic looks and what it says in its mails: logo, colour, and its own words in each language."""

import datetime as dt
from collections.abc import Mapping

from django.core.cache import cache
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit
from clinics.actions.members import may
from clinics.branding import words_key
from clinics.errors import Invalid, Message
from clinics.logos import Logo
from clinics.models import Accent, Clinic, ClinicLogo, ClinicText, Language, Membership
from clinics.rules.words import Refusal, plain, refuse

LENGTHS: Mapping[str, int] = {"reminder": 240, "invitation": 240, "closing": 60, "signature": 80}
REFUSALS: Mapping[Refusal, Promise] = {
    Refusal.LINK: gettext_lazy("Please leave out web and e-mail addresses; after a full stop put a space."),
    Refusal.MARKUP: gettext_lazy("Please leave out the signs < and >."),
}


@transaction.atomic
def change_look(*, accent: str, by: Membership, now: dt.datetime, logo: Logo | None = None, removes_logo: bool = False) -> None:
    """Store the clinic's colour and, if given, a new logo; `removes_logo` takes the present one away. Raises NotAllowed, Invalid."""
    may(by, "clinic.look", by.clinic_id)
    if accent not in Accent.values:
        raise Invalid(fields={"accent": [_("Please choose one of the colours.")]})
    clinic = Clinic.objects.select_for_update(no_key=True).get(pk=by.clinic_id)
    before = (clinic.accent, clinic.logo_id)
    clinic.accent = accent
    if logo is not None:
        clinic.logo = ClinicLogo.objects.create(clinic=clinic, content=logo.content, width=logo.width, height=logo.height, created_at=now)
    elif removes_logo:
        clinic.logo = None
    if (clinic.accent, clinic.logo_id) == before:
        return
    clinic.save(update_fields=["accent", "logo"])
    if logo is None and removes_logo:
        ClinicLogo.objects.filter(clinic=clinic).delete()
    audit.record("clinic.look", row=clinic, clinic_id=clinic.pk, by=by, at=now, accent=accent, logo=clinic.logo_id is not None)


def checked_words(given: Mapping[str, str]) -> dict[str, str]:
    """Return the clinic's own words as they are stored; raises Invalid by field for links, markup, and what is too long."""
    found: dict[str, str] = {}
    fields: dict[str, list[Message]] = {}
    for name, most in LENGTHS.items():
        text = found[name] = plain(given.get(name, ""))
        why = refuse(text)
        if why is not None:
            fields[name] = [REFUSALS[why]]
        elif len(text) > most:
            fields[name] = [_("Please write at most %(n)s characters.") % {"n": most}]
    if fields:
        raise Invalid(fields=fields)
    return found


@transaction.atomic
def change_words(*, language: str, given: Mapping[str, str], by: Membership, now: dt.datetime) -> None:
    """Store the clinic's own words in one language; empty ones are left out of the mails. Raises NotAllowed, Invalid."""
    may(by, "clinic.look", by.clinic_id)
    if language not in Language.values:
        raise Invalid(_("There is no such language."))
    words = checked_words(given)
    ClinicText.objects.update_or_create(clinic_id=by.clinic_id, language=language, defaults=words)
    key = words_key(by.clinic_id)
    cache.delete(key)
    transaction.on_commit(lambda: cache.delete(key))  # once more: somebody may have kept the old ones before the commit
    filled = sorted(name for name, text in words.items() if text)
    audit.record("clinic.texts", row=by.clinic, clinic_id=by.clinic_id, by=by, at=now, language=language, fields=filled)
