"""How entries of the audit trail read, for managers and in a patient's record."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics.models import AuditEvent

WORDS: dict[str, Promise] = {
    "patient.view": _("opened the record"),
    "patient.create": _("created the record"),
    "patient.change": _("changed master data"),
    "patient.archive": _("put the record into the archive"),
    "patient.export": _("downloaded the record"),
    "assignment.create": _("assigned a program"),
    "assignment.draft": _("began an assignment"),
    "assignment.discard": _("discarded a draft of an assignment"),
    "assignment.start": _("program started"),
    "assignment.hold": _("program put on hold"),
    "assignment.end": _("ended a program"),
    "assignment.withdraw": _("took an assignment back"),
    "session.log": _("logged a session"),
    "group.enter": _("entered something at a group session"),
    "group.list": _("looked at entries of a group session"),
    "group.view": _("looked at an entry of a group session"),
    "session.attend": _("noted who came to the clinic"),
    "session.walk_in": _("put somebody who walked in on the sheet"),
    "session.move": _("moved a session"),
    "session.skip": _("marked a session as not done"),
    "plan.pause": _("paused the program"),
    "plan.tailor": _("changed the plan"),
    "assignment.model_line": _("showed or hid the model line"),
    "checkin.log": _("checked in"),
    "symptoms.report": _("answered the symptom check"),
    "symptoms.withdraw": _("took a report back"),
    "symptoms.clear": _("wrote a clearance"),
    "alert.acknowledge": _("acknowledged an alert"),
    "assessment.answer": _("answered an assessment"),
    "assessment.skip": _("skipped an assessment"),
    "entry.correct": _("corrected an entry"),
    "login": _("signed in"),
    "logout": _("signed out"),
    "login.failed": _("wrong password"),
    "login.locked": _("locked after too many wrong passwords"),
    "login.second_step_failed": _("wrong second factor"),
    "password.change": _("changed the password"),
    "password.reset": _("reset the password"),
    "factor.add": _("added a second factor"),
    "factor.remove": _("removed a second factor"),
    "recovery_code.use": _("used a recovery code"),
    "recovery_code.make": _("made recovery codes"),
    "session.end": _("signed out elsewhere"),
    "clinic.switch": _("changed to this clinic"),
    "clinic.change": _("changed the clinic's settings"),
    "membership.role": _("changed a role"),
    "membership.end": _("ended somebody's access"),
    "invitation.send": _("sent an invitation"),
    "invitation.accept": _("accepted an invitation"),
    "invitation.revoke": _("took an invitation back"),
    "token.create": _("made an API token"),
    "token.revoke": _("ended an API token"),
    "own.settings": _("changed own settings"),
    "caseload.list": _("looked at the caseload"),
    "trail.list": _("looked at this trail"),
    "program.approve": _("approved a program"),
    "program.create": _("began a program"),
    "program.change": _("changed the draft of a program"),
    "program.publish": _("published a version of a program"),
    "program.retire": _("retired a version of a program"),
    "program.discard": _("discarded the draft of a program"),
    "exercise.create": _("wrote an exercise"),
    "exercise.change": _("changed an exercise"),
    "exercise.approve": _("approved an exercise"),
    "exercise.retire": _("retired an exercise"),
    "plan.draft": _("prepared a change of the plan"),
    "refused": _("was refused"),
    "today.view": _("looked at today"),
    "plan.view": _("looked at the plan"),
    "progress.view": _("looked at the progress"),
    "more.view": _("looked at the own page"),
    "session.view": _("looked at a session"),
    "assessment.view": _("looked at an assessment"),
    "symptoms.view": _("looked at the symptom check"),
    "checkin.view": _("looked at the check-in"),
    "entry.view": _("looked at an entry"),
    "alert.view": _("looked at an alert"),
    "trail.view": _("looked at who opened the record"),
    "delivery.list": _("looked at the reminders"),
    "reminder.send": _("a reminder was sent"),
    "closed_day.add": _("added a closed day"),
    "closed_day.remove": _("removed a closed day"),
    "run.log": _("entered a run"),
    "run.new": _("opened the form of a run"),
    "run.list": _("looked at the runs"),
    "run.view": _("looked at a run"),
    "shoe.add": _("added running shoes"),
    "shoe.list": _("looked at the running shoes"),
    "shoe.retire": _("put running shoes aside"),
    "shoe.take_up": _("took running shoes up again"),
    "reminder.change": _("changed the reminders"),
    "user.address": _("changed an e-mail address"),
    "run.delete": _("deleted a run"),
    "data.view": _("looked at the own data"),
    "entry.list": _("looked at the corrections"),
    "record.exported": _("downloaded the record"),
    "erasure.ask": _("asked to be erased"),
    "erasure.withdraw": _("took the request for erasure back"),
    "erasure.refuse": _("refused an erasure"),
    "erasure.list": _("looked at the requests for erasure"),
    "patient.erase": _("erased a person"),
    "patient.delete": _("deleted what was left of a record"),
    "consent.give": _("gave an agreement"),
    "consent.withdraw": _("took an agreement back"),
    "consent.view": _("looked at the own agreements"),
    "message.send": _("wrote a message"),
    "message.read": _("read messages"),
    "message.list": _("looked at the messages"),
    "alert.return": _("an alert came back"),
    "alert.snooze": _("put an alert off"),
    "alert.resolve": _("resolved an alert"),
    "reminder.snooze": _("put a reminder off"),
    "reminder.device_on": _("switched notifications on"),
    "reminder.device_off": _("switched notifications off"),
    "reminder.phone_ask": _("gave a number for text messages"),
    "reminder.phone_confirm": _("confirmed a number for text messages"),
    "reminder.phone_forget": _("removed the number for text messages"),
    "reminder.open_again": _("opened a refused address again"),
    "reminder.test": _("ordered a test mail"),
    "clinic.reminders": _("changed the rules for reminders"),
    "figures.list": _("looked at the figures of reminders"),
    "notice.list": _("looked at the mails to staff"),
    "notice.change": _("switched the daily digest on or off"),
    "notice.send": _("a mail to staff was sent"),
    "calendar.list": _("looked at the calendar address"),
    "calendar.make": _("made a calendar address"),
    "calendar.end": _("ended a calendar address"),
    "calendar.view": _("a calendar fetched the sessions"),
}


def trail_text(action: str) -> str:
    """Return an entry of the trail in words; what has no words of its own is shown as its key."""
    return str(WORDS.get(action, action))


PARTS: dict[str, Promise] = {
    "plan": _("Plan"),
    "sessions": _("Sessions"),
    "assessments": _("Assessments"),
    "record": _("Record"),
}


def part_text(details: Mapping[str, Any]) -> str:
    """Return which part of a record was opened in words; empty for the overview and where no part is known."""
    return str(PARTS.get(str(details.get("part", "")), ""))


def together(events: Iterable[AuditEvent]) -> list[list[AuditEvent]]:
    """Put neighbouring entries into one row when the same person did the same with the same record within the same minute."""

    def same(one: AuditEvent) -> tuple[Any, ...]:
        about = one.object_id if one.object_type == "clinics.user" else None
        return one.actor_id, one.role, one.action, one.patient_id, about, one.outcome, one.address, one.at.replace(second=0, microsecond=0)

    return [list(group) for _same, group in groupby(events, key=same)]
