"""Stopping a session because of what was felt in it: the report comes first, what was done is kept."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import Membership
from patients.actions.sessions import Done, log_session
from patients.actions.symptoms import report_symptoms
from patients.models import ScheduledSession, SessionLog, SymptomReport


@transaction.atomic
def stop_session(
    *,
    session: ScheduledSession,
    signs: Collection[str],
    exercises: Sequence[Done],
    by: Membership | None,
    now: dt.datetime,
    client_key: uuid.UUID | None = None,
    **answers: Any,
) -> tuple[SessionLog | None, SymptomReport | None]:
    """End a session because of pain or another sign; `answers` are those of `log_session`, all may be None.

    Returns the log (None when the session could not be logged, for example because it already was) and the report (None
    without signs). A refused log never keeps a report from being stored. Raises Invalid for a sign that is not on the list.
    """
    log: SessionLog | None = None
    refused: Conflict | Invalid | NotAllowed | None = None
    try:
        with transaction.atomic():
            log, _new = log_session(
                session=session,
                by=by,
                now=now,
                as_prescribed=False,
                exercises=exercises,
                stopped_for_pain=True,
                client_key=client_key,
                **answers,
            )
    except (Conflict, Invalid, NotAllowed) as error:
        refused = error
    if not signs:
        if refused is not None:
            raise refused
        return log, None
    report, _new = report_symptoms(
        patient=session.patient, signs=signs, context=SymptomReport.Context.SESSION, by=by, now=now, client_key=client_key
    )
    return log, report
