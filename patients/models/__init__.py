"""The patient's record: what a person should do, and did."""

from patients.models.access import AccessReview
from patients.models.alert import Alert, AlertStep
from patients.models.assessment import Assessment
from patients.models.assignment import Assignment, AssignmentDraft, AssignmentVersion, Pause
from patients.models.consent import Consent
from patients.models.cover import Cover, Handover
from patients.models.diary import CheckIn, Correction, SymptomReport
from patients.models.erasure import ErasureRequest
from patients.models.group import GroupEntry
from patients.models.importing import ImportFile
from patients.models.letter import ADDRESS_MAX, FINDINGS_MAX, OUTLOOK_MAX, RECIPIENT_MAX, Letter
from patients.models.message import MESSAGE_MAX, Message
from patients.models.patient import CaseloadEntry, Patient, SearchWord, found_by
from patients.models.rules import CaseloadLook, RuleSet
from patients.models.run import SHOE_LIMIT_KM, DeletedRun, Run, Shoe
from patients.models.session import ExerciseLog, ScheduledSession, SessionLog
from patients.models.suggestion import NOTICE_VERSION, Suggestion, SuggestionSwitch

__all__ = (
    "ADDRESS_MAX",
    "FINDINGS_MAX",
    "MESSAGE_MAX",
    "OUTLOOK_MAX",
    "RECIPIENT_MAX",
    "NOTICE_VERSION",
    "SHOE_LIMIT_KM",
    "AccessReview",
    "Alert",
    "AlertStep",
    "Assessment",
    "Assignment",
    "AssignmentDraft",
    "AssignmentVersion",
    "CaseloadEntry",
    "CaseloadLook",
    "CheckIn",
    "Consent",
    "Correction",
    "Cover",
    "DeletedRun",
    "ErasureRequest",
    "ExerciseLog",
    "GroupEntry",
    "Letter",
    "Handover",
    "ImportFile",
    "Message",
    "Patient",
    "Pause",
    "RuleSet",
    "Run",
    "ScheduledSession",
    "SearchWord",
    "SessionLog",
    "Shoe",
    "Suggestion",
    "SuggestionSwitch",
    "SymptomReport",
    "found_by",
)
