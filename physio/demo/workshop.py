"""What a therapist of the demo is working on: a program of the clinic's own, still a draft, and an exercise that waits for approval."""

import datetime as dt
from typing import Any

from clinics.models import Membership
from programs.actions.building import change_draft, start_program
from programs.actions.exercises import write_exercise
from programs.models import Prescription, ProgramVersion, Setting
from programs.rules.building import Plan, rows_of, set_dose


def open_workshop(work: dict[str, Any], *, by: Membership, at: dt.datetime) -> None:
    """Begin the draft as a copy of a shared program, change one dose of it, and write the exercise."""
    draft, exercise = work["draft"], work["exercise"]
    base = ProgramVersion.objects.published().select_related("program").get(program__key=draft["base"], clinic=None)
    version = start_program(
        clinic=by.clinic, names=draft["names"], kind=base.program.kind, weeks=base.weeks, base=base, code=draft["code"], by=by, now=at
    )
    place = (Setting.SUPERVISED, 0)

    def begin_lighter(plan: Plan) -> Plan:
        row = next(one for one in rows_of(plan, place, Prescription.Block.MAIN) if one[1] == draft["exercise"])
        return set_dose(plan, place, row, draft["dose"], 1, draft["weeks"], source="clinic")

    change_draft(version=version, change=begin_lighter, revision=version.revision, by=by, now=at + dt.timedelta(minutes=4))
    write_exercise(clinic=by.clinic, by=by, now=at + dt.timedelta(minutes=20), **exercise)
