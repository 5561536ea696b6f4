"""The one sentence of a notification or a text message: neutral enough for a locked screen, in the patient's language."""

from collections.abc import Mapping

from django.utils import formats, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reminders.channels.email import Occasion
from reminders.models import Kind

SENTENCES: Mapping[str, Promise] = {
    Kind.SESSION_TODAY: gettext_lazy("Something is planned for today."),
    Kind.SESSION_MISSED: gettext_lazy("Something from yesterday is still open."),
    Kind.CHECK_IN: gettext_lazy("Your check-in is open."),
    Kind.PLAN_CHANGED: gettext_lazy("There is something new in your plan."),
    Kind.ASSESSMENT_DUE: gettext_lazy("A few questions are waiting."),
    Kind.MESSAGE_WAITING: gettext_lazy("You have a new message."),
    Kind.WEEKLY_SUMMARY: gettext_lazy("Your week is ready to look at."),
}


def sentence_of(occasion: Occasion) -> str:
    """Return what a locked screen may show; only an appointment brings its time."""
    with translation.override(occasion.language):
        if occasion.starts_at is not None:
            said = _("You have an appointment today at %(time)s.") % {"time": formats.time_format(occasion.starts_at)}
        elif occasion.is_later:
            said = _("You asked to be reminded again.")
        else:
            said = str(SENTENCES[occasion.kind])
        return f"{said} {SENTENCES[Kind.PLAN_CHANGED]}" if occasion.tells_of_change else said
