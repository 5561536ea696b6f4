"""The moves a membership may make."""

from clinics.models import Membership

MEMBERSHIP: dict[str, frozenset[str]] = {
    Membership.Status.ACTIVE: frozenset({Membership.Status.INVITED}),
    Membership.Status.ENDED: frozenset({Membership.Status.INVITED, Membership.Status.ACTIVE}),
}
