"""What a claimed reminder becomes on its channel: a mail, a notification, or a text message."""

import datetime as dt

from reminders import links
from reminders.actions.recheck import Claimed
from reminders.channels import email, sms, webpush
from reminders.channels.wording import sentence_of
from reminders.models import Channel
from reminders.rules import texting


def write_reminder(row: Claimed, sent_on: str, now: dt.datetime) -> email.Mail | webpush.Note | sms.Text:
    """Return the message of a reminder; `sent_on` is the value of a mail's Date header."""
    if row.channel == Channel.PUSH:
        return webpush.write_note(
            devices=row.devices,
            title=row.occasion.clinic_name,
            body=sentence_of(row.occasion),
            url=email.page_of(row.kind, row.subject_id),
            language=row.occasion.language,
            key=row.pk,
            expires_at=row.expires_at,
            now=now,
        )
    if row.channel == Channel.SMS:
        body = texting.compose(row.occasion.clinic_name, sentence_of(row.occasion), links.app_url())
        return sms.Text(row.number, body, int((row.expires_at - now).total_seconds()), links.report_url(row.pk))
    return email.compose(row.occasion).fill(row.recipient, sent_on)
