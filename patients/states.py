"""The moves that assignments, sessions, reports, assessments, alerts, suggestions and imports may make."""

from patients.models import Alert, Assessment, Assignment, ErasureRequest, ImportFile, Patient, ScheduledSession, Suggestion, SymptomReport

_A = Assignment.Status
ASSIGNMENT: dict[str, frozenset[str]] = {
    _A.RUNNING: frozenset({_A.HELD}),
    _A.HELD: frozenset({_A.RUNNING}),
    _A.COMPLETED: frozenset({_A.RUNNING, _A.HELD}),
    _A.ENDED: frozenset({_A.RUNNING, _A.HELD}),
    _A.WITHDRAWN: frozenset({_A.RUNNING, _A.HELD}),
}

_S = ScheduledSession.Status
SESSION: dict[str, frozenset[str]] = {
    _S.DONE: frozenset({_S.PLANNED, _S.MISSED, _S.SKIPPED, _S.PARTIAL}),
    _S.PARTIAL: frozenset({_S.PLANNED, _S.MISSED, _S.SKIPPED, _S.DONE}),
    _S.MISSED: frozenset({_S.PLANNED}),
    _S.SKIPPED: frozenset({_S.PLANNED, _S.MISSED}),
    _S.CANCELLED: frozenset({_S.PLANNED}),
    _S.PLANNED: frozenset({_S.SKIPPED, _S.MISSED}),
}

_C = ScheduledSession.Attendance
ATTENDANCE: dict[str, frozenset[str]] = {
    _C.EXPECTED: frozenset({_C.CAME, _C.LATE_CANCEL, _C.NO_SHOW}),
    _C.CAME: frozenset({_C.EXPECTED, _C.LATE_CANCEL, _C.NO_SHOW}),
    _C.LATE_CANCEL: frozenset({_C.EXPECTED, _C.CAME, _C.NO_SHOW}),
    _C.NO_SHOW: frozenset({_C.EXPECTED, _C.CAME, _C.LATE_CANCEL}),
}

_R = SymptomReport.Status
SYMPTOM_REPORT: dict[str, frozenset[str]] = {
    _R.WITHDRAWN: frozenset({_R.OPEN}),
    _R.CLEARED: frozenset({_R.OPEN, _R.WITHDRAWN}),
}

_M = Assessment.Status
ASSESSMENT: dict[str, frozenset[str]] = {
    _M.DONE: frozenset({_M.PLANNED, _M.SKIPPED}),
    _M.SKIPPED: frozenset({_M.PLANNED}),
    _M.CANCELLED: frozenset({_M.PLANNED}),
}

_L = Alert.Status
ALERT: dict[str, frozenset[str]] = {
    _L.ACKNOWLEDGED: frozenset({_L.OPEN, _L.SNOOZED}),
    _L.SNOOZED: frozenset({_L.OPEN, _L.ACKNOWLEDGED}),
    _L.OPEN: frozenset({_L.SNOOZED, _L.ACKNOWLEDGED}),
    _L.RESOLVED: frozenset({_L.OPEN, _L.ACKNOWLEDGED, _L.SNOOZED}),
}

_E = ErasureRequest.Status
ERASURE: dict[str, frozenset[str]] = {
    _E.WITHDRAWN: frozenset({_E.OPEN}),
    _E.REFUSED: frozenset({_E.OPEN}),
    _E.DONE: frozenset({_E.OPEN}),
}

_U = Suggestion.Status
SUGGESTION: dict[str, frozenset[str]] = {
    _U.USED: frozenset({_U.OPEN}),
    _U.DECLINED: frozenset({_U.OPEN}),
    _U.OVERTAKEN: frozenset({_U.OPEN}),
    _U.OPEN: frozenset({_U.OVERTAKEN}),
}

PATIENT: dict[str, frozenset[str]] = {
    Patient.Status.ARCHIVED: frozenset({Patient.Status.ACTIVE}),
    Patient.Status.ACTIVE: frozenset({Patient.Status.ARCHIVED}),
}

_I = ImportFile.Status
IMPORT: dict[str, frozenset[str]] = {
    _I.WAITING: frozenset({_I.WAITING, _I.CHECKED}),
    _I.CHECKED: frozenset({_I.WAITING, _I.CHECKED}),
    _I.DONE: frozenset({_I.CHECKED}),
    _I.TAKEN_BACK: frozenset({_I.DONE}),
}
