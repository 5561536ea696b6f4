"""The tables keep to the one-way order and to the rules of tenancy."""

from typing import Any

from django.apps import apps
from django.db import models

from clinics.models import Clinic
from clinics.scoping import ScopedModel

ORDER = ("clinics", "programs", "patients", "exports", "reminders", "physio")
OURS = [model for model in apps.get_models() if model._meta.app_label in ORDER]
WITHOUT_CLINIC = {
    # who and what stands above the clinics
    "clinics.User",
    "clinics.Clinic",
    "reminders.Heartbeat",
}


def test_foreign_keys_point_down() -> None:
    up = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in OURS
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
        and field.related_model._meta.app_label in ORDER
        and ORDER.index(field.related_model._meta.app_label) > ORDER.index(model._meta.app_label)
    ]
    assert up == []


def test_every_row_of_a_patient_names_its_clinic() -> None:
    missing = [
        model._meta.label
        for model in OURS
        if any(field.name == "patient" for field in model._meta.concrete_fields)
        and not any(field.name == "clinic" and not field.null for field in model._meta.concrete_fields)
    ]
    assert missing == []


def test_every_table_states_its_scope() -> None:
    silent = [
        model._meta.label
        for model in OURS
        if any(field.related_model is Clinic for field in model._meta.concrete_fields if field.is_relation)
        and not (issubclass(model, ScopedModel) and model.scope.clinic)
    ]
    assert silent == []


def test_a_patients_rows_lead_to_the_patient() -> None:
    """What has a patient has a path to the patient's membership, or is for staff alone on purpose."""
    staff_only = {
        "patients.Alert",
        "patients.AlertStep",
        "patients.AssignmentDraft",
        "patients.CaseloadEntry",
        "patients.CaseloadLook",
        "patients.Suggestion",
        "patients.SearchWord",
        "reminders.StaffNotice",
    }
    silent = {
        model._meta.label
        for model in OURS
        if any(field.name == "patient" for field in model._meta.concrete_fields)
        and issubclass(model, ScopedModel)
        and model.scope.patient is None
    }
    assert silent == staff_only


def test_unique_rules_of_clinical_rows_begin_with_the_clinic() -> None:
    others = [
        f"{model._meta.label}: {constraint.name}"
        for model in OURS
        if any(field.name == "patient" for field in model._meta.concrete_fields)
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields and constraint.fields[0] != "clinic"
    ]
    assert others == ["patients.ExerciseLog: exercise_log_once"]


def test_public_ids_are_uuids() -> None:
    numbered = [
        model._meta.label
        for model in OURS
        if not isinstance(model._meta.pk, models.UUIDField | models.OneToOneField | models.CharField)
        and model._meta.label not in {"clinics.RecoveryCode"}
    ]
    assert numbered == []


NEVER_DELETED_IN_NUMBERS = {"patients.Patient.imported_with", "patients.Alert.rule_set", "patients.CaseloadLook.rule_set"}
"""Keys to rows that go one at a time, or never."""


def first_columns(model: type[models.Model]) -> set[str]:
    """Return the columns by which a whole index or unique rule of a table begins."""
    indexes = [index.fields[0].lstrip("-") for index in model._meta.indexes if index.fields and index.condition is None]
    rules = [rule for rule in model._meta.constraints if isinstance(rule, models.UniqueConstraint) and rule.condition is None]
    return {*indexes, *(rule.fields[0] for rule in rules if rule.fields)}


def test_no_row_that_goes_makes_the_database_read_a_table_as_a_whole() -> None:
    keys: list[tuple[type[models.Model], Any]] = [
        (model, field) for model in OURS for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)
    ]
    unindexed = {
        f"{model._meta.label}.{key.name}"
        for model, key in keys
        if key.db_constraint and not (key.db_index or key.unique or key.name in first_columns(model))
    }
    assert unindexed == NEVER_DELETED_IN_NUMBERS
