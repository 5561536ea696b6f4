"""The refusals an action may raise; `web.py` and `wire.py` turn them into answers for people and machines."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise

Message = str | Promise


class DomainError(Exception):
    """A rule of the house refused the request; carries sentences for the person, by field."""

    status_code = 400
    code = "invalid"

    def __init__(self, message: Message = "", *, fields: Mapping[str, Sequence[Message]] | None = None) -> None:
        """Take one sentence for the whole form (may be empty) and sentences by field name."""
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})


class Invalid(DomainError):
    """What was sent cannot be right (400)."""


class NotAllowed(DomainError):
    """The person may see this but not do it (403)."""

    status_code = 403
    code = "not_allowed"


class NotFound(DomainError):
    """There is no such thing for this person (404)."""

    status_code = 404
    code = "not_found"


class TooMany(DomainError):
    """Too often in too short a time (429)."""

    status_code = 429
    code = "too_many"


class Conflict(DomainError):
    """Somebody or something was faster, or the same key came with other content (409)."""

    status_code = 409
    code = "conflict"


class DoFirst(DomainError):
    """Something else has to be done first (403 for programs); `page` names where, and people are sent there."""

    status_code = 403
    code = "do_first"

    def __init__(self, message: Message = "", *, page: str) -> None:
        """Take the sentence and the name of the page."""
        super().__init__(message)
        self.page = page
