"""A person's record in one clinic, the words it is found by, and the line the caseload shows of it."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Language, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.rules import finding

FOUND_BY = frozenset({"first_name", "last_name", "number", "born_on"})
REPEATED = frozenset({"therapist", "therapist_id", "status", "search_text"})
"""What of a patient the line repeats, so that the caseload is counted and sorted in one table."""

SEARCHED_LENGTH = 170


class PatientQuerySet(ScopedQuerySet["Patient"]):
    """Reads of patients."""

    def active(self) -> "PatientQuerySet":
        """Those not put into the archive."""
        return self.filter(status=Patient.Status.ACTIVE)

    def matching(self, words: str, *, clinic: UUID) -> "PatientQuerySet":
        """Those of the clinic who have, for each of the words, a name, number or year of birth that begins with it."""
        return self.filter(found_by(words, clinic=clinic))

    def update(self, **changes: Any) -> int:
        """Change rows, and with them what their lines repeat and the words they are found by."""
        if not (REPEATED | FOUND_BY) & changes.keys():
            return super().update(**changes)
        keys = list(self.order_by().values_list("pk", flat=True))
        done = super().update(**changes)
        follow(keys, has_new_words=bool(FOUND_BY & changes.keys()))
        return done

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable["Patient"], *args: Any, **kwargs: Any) -> list["Patient"]:
        """Insert rows with their search text, and the words they are found by."""
        rows = list(objs)
        for row in rows:
            row.search_text = searched(row.full_name)
        made: list[Patient] = super().bulk_create(rows, *args, **kwargs)
        SearchWord.keep(made)
        return made


def searched(full_name: str) -> str:
    """Return the text that searches look at: small letters, some of which are two where the capital was one."""
    return full_name.lower()[:SEARCHED_LENGTH]


class Patient(ScopedModel):
    """Somebody who is treated in a clinic; signs in through the membership, if at all."""

    class Status(models.TextChoices):
        """Whether the record is in use."""

        ACTIVE = "active", _("active")
        ARCHIVED = "archived", _("archived")

    class Sex(models.TextChoices):
        """As the person states it; empty means not stated."""

        UNSTATED = "", _("not stated")
        FEMALE = "f", _("female")
        MALE = "m", _("male")
        DIVERSE = "d", _("diverse")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="patient")
    therapist = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="treated_patients")
    number = models.CharField(_("number"), max_length=20)
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    search_text = models.CharField(max_length=SEARCHED_LENGTH, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    born_on = models.DateField(_("date of birth"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True, default="")
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: the clinic's."))
    running_described = models.CharField(
        _("the run this is about"), max_length=120, blank=True, help_text=_("Described once by the patient, then frozen.")
    )
    doctor_name = models.CharField(_("referring doctor"), max_length=120, blank=True)
    doctor_address = models.CharField(_("address of the doctor"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    is_test = models.BooleanField(_("made up for trying out"), default=False)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False, help_text=_("Since then without a name."))
    keep_until_on = models.DateField(_("kept until"), null=True, blank=True, editable=False, help_text=_("The last day of what is left."))
    imported_with = models.ForeignKey(
        "patients.ImportFile", on_delete=models.PROTECT, null=True, blank=True, editable=False, db_index=False, related_name="patients"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic", "membership")
    coded = frozenset({"number", "search_text", "time_zone"})
    objects: ClassVar[Any] = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["last_name", "first_name"]
        constraints = [models.UniqueConstraint(fields=["clinic", "number"], name="patient_number_once")]
        indexes = [
            models.Index(fields=["clinic", "status", "last_name", "first_name"], name="patient_by_name"),
            models.Index(fields=["clinic", "therapist", "status"], name="patient_by_therapist"),
            models.Index(fields=["keep_until_on"], name="patient_kept_until", condition=Q(keep_until_on__isnull=False)),
            models.Index(fields=["imported_with", "id"], name="patient_by_import", condition=Q(imported_with__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep what follows from the row: the text it is sorted by, the words it is found by, and what its line repeats."""
        is_new, names = self._state.adding, kwargs.get("update_fields")
        self.search_text = searched(self.full_name)
        super().save(*args, **kwargs)
        if is_new:
            SearchWord.keep([self])
        elif names is None or (REPEATED | FOUND_BY) & set(names):
            follow([self.pk], has_new_words=names is None or bool(FOUND_BY & set(names)))

    @property
    def full_name(self) -> str:
        """First and last name; the number of a person who was erased."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def zone(self) -> str:
        """The patient's time zone: own, else the clinic's (which must be loaded)."""
        return self.time_zone or self.clinic.time_zone


class SearchWord(ScopedModel):
    """A word a person is found by, folded (`rules/finding.py`); `patients` keeps them true whenever a name, number or birthday changes.

    On PostgreSQL the column sorts by bytes (migration 0012), so that the words with one beginning lie side by side in the index.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    word = models.CharField(max_length=finding.WORD_LENGTH)

    scope = Scope("clinic")
    goes_with_person = True

    class Meta:
        verbose_name = _("search word")
        verbose_name_plural = _("search words")
        constraints = [models.UniqueConstraint(fields=["clinic", "word", "patient"], name="search_word_once")]

    def __str__(self) -> str:
        return self.word

    @classmethod
    def keep(cls, patients: Iterable[Patient]) -> None:
        """Bring the words of these patients up to date, in three statements at most."""
        people = list(patients)
        wanted = {
            (row.clinic_id, row.pk, word)
            for row in people
            for word in finding.words_of((row.first_name, row.last_name), row.number, row.born_on)
        }
        rows = cls.objects.filter(patient__in=[row.pk for row in people])
        there = {(clinic, key, word): pk for pk, clinic, key, word in rows.values_list("pk", "clinic_id", "patient_id", "word")}
        gone = [pk for one, pk in there.items() if one not in wanted]
        if gone:
            cls.objects.filter(pk__in=gone).delete()
        new = [cls(clinic_id=clinic, patient_id=key, word=word) for clinic, key, word in sorted(wanted - there.keys())]
        cls.objects.bulk_create(new, batch_size=2000, ignore_conflicts=True)


def found_by(text: str, *, clinic: UUID) -> Q:
    """Return the condition that every word of the text begins a word of the patient, whose key is the row's own."""
    condition = Q()
    for word in finding.asked(text):
        words = SearchWord.objects.filter(clinic=clinic, word__gte=word, word__lt=word + finding.BEYOND)
        condition &= Q(pk__in=words.order_by().values("patient"))
    return condition


def follow(keys: Sequence[UUID], *, has_new_words: bool) -> None:
    """Let the lines of changed patients repeat what they say now, and with new names the words they are found by."""
    person = Patient.objects.filter(pk=OuterRef("pk"))
    CaseloadEntry.objects.filter(pk__in=keys).update(
        therapist=Subquery(person.values("therapist")),
        sort_name=Subquery(person.values("search_text")),
        is_listed=Exists(person.active()),
    )
    if has_new_words:
        SearchWord.keep(Patient.objects.filter(pk__in=keys))


class CaseloadEntry(ScopedModel):
    """What the caseload shows of one patient; written whenever an entry is, so that the list only reads."""

    class Level(models.IntegerChoices):
        """How urgent; higher comes first."""

        NONE = 0, _("on track")
        INFO = 1, _("for information")
        ATTENTION = 2, _("needs attention")
        STOP = 3, _("stop sign")

    class Section(models.IntegerChoices):
        """Where the list shows the line; higher comes first."""

        ON_TRACK = 0, _("on track")
        IN_HAND = 1, _("seen or put off")
        ATTENTION = 2, _("needs attention")
        STOP = 3, _("stop sign")

    patient = models.OneToOneField("patients.Patient", on_delete=models.CASCADE, primary_key=True, related_name="caseload")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    therapist = models.ForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text=_("As in the record."),
    )
    """A copy of what the record names, whose own key is checked: once more here, every membership that goes would read all lines."""
    is_listed = models.BooleanField(default=True, help_text=_("Whether the record is in use."))
    sort_name = models.CharField(max_length=170, blank=True, help_text=_("The name in small letters, as in the record."))
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices, default=Level.NONE)
    section = models.PositiveSmallIntegerField(_("section"), choices=Section.choices, default=Section.ON_TRACK)
    rank = models.IntegerField(default=0)
    reasons = models.JSONField(default=list, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text=_("What the rules look at, dates and numbers only."))
    pain_series = models.JSONField(default=list, blank=True)
    readiness_series = models.JSONField(default=list, blank=True)
    week_ticks = models.JSONField(default=list, blank=True)
    done_share = models.FloatField(default=0)
    due_sessions = models.PositiveIntegerField(default=0)
    last_pain = models.PositiveSmallIntegerField(null=True, blank=True)
    last_readiness = models.PositiveSmallIntegerField(null=True, blank=True)
    last_entry_at = models.DateTimeField(null=True, blank=True)
    last_check_in_at = models.DateTimeField(null=True, blank=True)
    next_supervised_at = models.DateTimeField(null=True, blank=True)
    next_assessment_on = models.DateField(null=True, blank=True)
    program_code = models.CharField(max_length=8, blank=True)
    program_status = models.CharField(max_length=10, blank=True)
    program_starts_on = models.DateField(null=True, blank=True)
    program_week = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("The week it is; 0 before the start, empty after."))
    owner_name = models.CharField(max_length=160, blank=True, help_text=_("Who took what the line shows."))
    alert_id = models.UUIDField(null=True, blank=True, help_text=_("The most worrying open alert of the line that can be put off."))
    alerts_since_at = models.DateTimeField(null=True, blank=True, help_text=_("When the oldest open alert of the line was raised."))
    refreshed_at = models.DateTimeField(null=True, blank=True)
    looks = models.PositiveIntegerField(default=0, help_text=_("Number of the last look of the rules that is kept."))
    rule_set = models.ForeignKey("patients.RuleSet", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    scope = Scope("clinic")
    coded = frozenset({"reasons", "facts", "pain_series", "readiness_series", "week_ticks", "program_code", "program_status"})

    class Meta:
        verbose_name = _("caseload line")
        verbose_name_plural = _("caseload lines")
        indexes = [
            # one list each: the clinic's and one's own by urgency, the clinic's by name; and one to count in
            models.Index(fields=["clinic", "is_listed", "-section", "-rank", "sort_name", "patient"], name="caseload_order"),
            models.Index(fields=["clinic", "therapist", "is_listed", "-section", "-rank", "sort_name", "patient"], name="caseload_own"),
            models.Index(fields=["clinic", "is_listed", "sort_name", "patient"], name="caseload_by_name"),
            models.Index(
                fields=["clinic", "is_listed", "therapist", "section", "program_code", "program_status", "program_week", "patient"],
                name="caseload_count",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
