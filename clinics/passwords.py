"""A password check for words that belong to this product, to the person or to their clinics."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

WORDS = ("physiotherapy", "physio", "password", "passwort", "rücken", "ruecken", "running", "clinic", "klinik", "therapist")
SHORTEST_WORD = 3
LEAST_BESIDE = 6


def own_words(user: Any) -> Iterator[str]:
    """Yield the words others know about a person: names, address, clinics."""
    if user is None:
        return
    texts = [getattr(user, name, "") or "" for name in ("first_name", "last_name", "email")]
    if getattr(user, "pk", None) is not None and not user._state.adding:
        texts += [membership.clinic.name for membership in user.memberships.select_related("clinic")]
    for text in texts:
        yield from (word for word in re.split(r"[\W_]+", text.lower()) if len(word) >= SHORTEST_WORD)


class ContextValidator:
    """Refuse passwords that are little more than such words."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when fewer than six letters and digits remain beside them."""
        rest = lowered = password.lower()
        for word in sorted({*WORDS, *own_words(user)}, key=len, reverse=True):
            rest = rest.replace(word, " ")
        if rest != lowered and len(re.sub(r"[\W_]+", "", rest)) < LEAST_BESIDE:
            raise ValidationError(_("This password is too easy to guess here. Please choose another one."), code="password_in_context")

    def get_help_text(self) -> str:
        """Say it beforehand."""
        return _("Do not build it around a word such as “physio” or “password”.")
