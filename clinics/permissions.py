"""Who may do what: one table from action to roles; everything not listed is refused."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from clinics.models import Membership, Role

PUBLIC = "public"
"""For the written list of addresses that need no log-in."""
SIGNED_IN = "signed_in"
"""For the few pages that need a person but no clinic (choosing a clinic, own settings)."""

MANAGER = frozenset({Role.MANAGER})
STAFF = frozenset({Role.MANAGER, Role.THERAPIST})
PATIENT = frozenset({Role.PATIENT})
EVERYONE = STAFF | PATIENT

ACTIONS: dict[str, frozenset[Role]] = {
    # the clinic and its people
    "clinic.view": EVERYONE,
    "clinic.change": MANAGER,
    "staff.list": MANAGER,
    "staff.invite": MANAGER,
    "staff.end": MANAGER,
    "audit.list": MANAGER,
    "access.list": MANAGER,
    "access.review": MANAGER,
    "clinic.look": MANAGER,
    "token.manage": EVERYONE,
    "member.view": EVERYONE,
    "job.view": STAFF,
    # what could be done
    "program.list": STAFF,
    "program.view": STAFF,
    "program.approve": STAFF,
    "program.create": STAFF,
    "program.change": STAFF,
    "program.publish": STAFF,
    "exercise.list": STAFF,
    "exercise.view": EVERYONE,
    "exercise.change": STAFF,
    "exercise.approve": STAFF,
    # the patient's record, by the clinic
    "caseload.list": STAFF,
    "patient.list": EVERYONE,
    "patient.view": EVERYONE,
    "patient.create": STAFF,
    "patient.change": STAFF,
    "patient.invite": STAFF,
    "patient.hand_over": STAFF,
    "cover.list": STAFF,
    "cover.change": STAFF,
    "import.run": MANAGER,
    "assignment.list": EVERYONE,
    "assignment.view": EVERYONE,
    "assignment.create": STAFF,
    "assignment.change": STAFF,
    "suggestion.list": STAFF,
    "suggestion.decide": STAFF,
    "clearance.write": STAFF,
    "erasure.list": MANAGER,
    "erasure.answer": MANAGER,
    "rules.list": STAFF,
    "rules.view": STAFF,
    "rules.change": MANAGER,
    "alert.list": STAFF,
    "alert.view": STAFF,
    "alert.acknowledge": STAFF,
    "alert.snooze": STAFF,
    "alert.resolve": STAFF,
    "message.list": STAFF,
    "letter.view": STAFF,
    "letter.write": STAFF,
    "record.letter": STAFF,
    "record.handout": STAFF,
    "notice.list": STAFF,
    "session.supervise": STAFF,
    "session.attend": STAFF,
    "session.walk_in": STAFF,
    "group.view": STAFF,
    "group.list": STAFF,
    "group.enter": STAFF,
    "outcomes.view": STAFF,
    "outcomes.model": STAFF,
    "outcomes.export": MANAGER,
    # the patient's own day
    "today.view": PATIENT,
    "plan.view": PATIENT,
    "progress.view": PATIENT,
    "symptoms.answer": PATIENT,
    "checkin.log": PATIENT,
    "run.log": PATIENT,
    "run.delete": PATIENT,
    "shoe.change": PATIENT,
    "own.handout": PATIENT,
    "own.settings": PATIENT,
    "own.session": PATIENT,
    "own.plan.change": PATIENT,
    "own.entry.correct": PATIENT,
    "own.assessment": PATIENT,
    "own.record": PATIENT,
    "own.consent": PATIENT,
    "message.own": PATIENT,
    "erasure.ask": PATIENT,
    "record.export": PATIENT,
    # read and written by both sides
    "session.list": EVERYONE,
    "session.view": EVERYONE,
    "session.log": EVERYONE,
    "session.move": EVERYONE,
    "session.skip": EVERYONE,
    "plan.pause": EVERYONE,
    "pause.list": EVERYONE,
    "checkin.create": EVERYONE,
    "checkin.list": EVERYONE,
    "checkin.view": EVERYONE,
    "symptoms.create": EVERYONE,
    "symptoms.list": EVERYONE,
    "symptoms.view": EVERYONE,
    "log.list": EVERYONE,
    "log.view": EVERYONE,
    "run.list": EVERYONE,
    "run.view": EVERYONE,
    "run.create": EVERYONE,
    "shoe.list": EVERYONE,
    "shoe.view": EVERYONE,
    "entry.correct": EVERYONE,
    "assessment.list": EVERYONE,
    "assessment.view": EVERYONE,
    "assessment.answer": EVERYONE,
    "message.read": EVERYONE,
    "message.send": EVERYONE,
    "delivery.list": EVERYONE,
    "reminder.change": EVERYONE,
    "reminder.own": PATIENT,
    "calendar.own": PATIENT,
    "reminder.ledger": STAFF,
    "reminder.set": STAFF,
    "reminder.policy": MANAGER,
    "reminder.figures": MANAGER,
    "reminder.test": STAFF,
}


def allows(member: Membership | None, action: str) -> bool:
    """Tell whether the member's role may do `action`; an unknown action is refused."""
    return member is not None and member.is_current and member.role in ACTIONS.get(action, frozenset())


class MemberPermission(BasePermission):
    """Ask the table for the action a viewset declares in `permission_actions` (or `permission_action`)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Allow when the member's role is in the row of the declared action."""
        declared: dict[str, str] = getattr(view, "permission_actions", {})
        action = declared.get(getattr(view, "action", None) or "", getattr(view, "permission_action", ""))
        if action == PUBLIC:
            return True
        member = getattr(request, "member", None)
        if action == SIGNED_IN:
            return member is not None
        if not action and getattr(view, "action", None) is None and declared:
            return member is not None
        return allows(member, action)
