"""The moves memberships and jobs may make."""

from clinics.models import Job, Membership

MEMBERSHIP: dict[str, frozenset[str]] = {
    Membership.Status.ACTIVE: frozenset({Membership.Status.INVITED}),
    Membership.Status.ENDED: frozenset({Membership.Status.INVITED, Membership.Status.ACTIVE}),
}

JOB: dict[str, frozenset[str]] = {
    # Running again: the worker that had it shows no sign of life any more.
    Job.Status.RUNNING: frozenset({Job.Status.WAITING, Job.Status.RUNNING}),
    Job.Status.DONE: frozenset({Job.Status.RUNNING}),
    Job.Status.FAILED: frozenset({Job.Status.WAITING, Job.Status.RUNNING}),
}
