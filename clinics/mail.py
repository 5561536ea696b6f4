"""Mails about accounts (invitation, code, reset, notice of a change): composed here, sent after the commit, failing softly."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formataddr
from functools import cache
from pathlib import Path
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from clinics.rules.palette import PINE, colour_of

if TYPE_CHECKING:
    import css_inline

log = structlog.get_logger(__name__)
AccountMail = EmailMultiAlternatives
SMTP = "django.core.mail.backends.smtp.EmailBackend"
STYLE = Path(settings.BASE_DIR, "templates", "account", "email", "mail.css")
_post_room = ThreadPoolExecutor(max_workers=2, thread_name_prefix="account-mail")


@cache
def _inliner(accent: str) -> "css_inline.CSSInliner":
    import css_inline  # loaded with the first mail

    style = STYLE.read_text(encoding="utf-8").replace(colour_of(PINE).light.primary.lower(), colour_of(accent).light.primary)
    return css_inline.CSSInliner(extra_css=style, load_remote_stylesheets=False, inline_style_tags=False, keep_style_tags=False)


def compose(template: str, to: str, context: dict[str, Any], language: str, accent: str = PINE) -> EmailMultiAlternatives:
    """Build the mail `templates/account/email/<template>.{subject.txt,txt,html}` in `language` (two letters) and a clinic's colour."""
    with translation.override(language):
        known = {**context, "product": settings.PRODUCT_NAME, "base_url": settings.BASE_URL, "language": language}
        name = f"account/email/{template}"
        subject = " ".join(render_to_string(f"{name}.subject.txt", known).split())
        message = EmailMultiAlternatives(
            subject,
            render_to_string(f"{name}.txt", known).strip() + "\n",
            settings.DEFAULT_FROM_EMAIL,
            [formataddr(("", to))],
            headers={"Auto-Submitted": "auto-generated", "Content-Language": language},
        )
        message.attach_alternative(_inliner(accent).inline(render_to_string(f"{name}.html", known)), "text/html")
    return message


def deliver(message: EmailMultiAlternatives, template: str) -> bool:
    """Hand the mail over; False when the server did not take it (logged without address or content)."""
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("account_mail_failed", template=template, error=type(error).__name__)
        return False
    return True


def send_account_mail(
    template: str,
    to: str,
    context: dict[str, Any],
    language: str,
    *,
    then: Callable[[bool], None] | None = None,
) -> None:
    """Send after the commit of the running transaction; `then` is told whether the server took the mail.

    Without `then` a real mail server is spoken to beside the request: how long it takes tells a stranger nothing.
    """
    hand_over_mail(compose(template, to, context, language), template, then=then)


def hand_over_mail(message: EmailMultiAlternatives, template: str, *, then: Callable[[bool], None] | None = None) -> None:
    """Send a composed mail after the commit, as `send_account_mail` does."""

    def send() -> None:
        if then is not None:
            then(deliver(message, template))
        elif settings.EMAIL_BACKEND == SMTP:
            _post_room.submit(deliver, message, template)
        else:
            deliver(message, template)

    transaction.on_commit(send)
