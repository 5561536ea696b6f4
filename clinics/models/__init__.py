"""People, clinics, who is what where, and the trail of what was read and written."""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models.choices import Accent, Language, Role
from clinics.models.look import ClinicLogo, ClinicText
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet

__all__ = (
    "Accent",
    "ApiToken",
    "AuditEvent",
    "Clinic",
    "ClinicLogo",
    "ClinicText",
    "ClosedDay",
    "Invitation",
    "Job",
    "Language",
    "Membership",
    "MembershipQuerySet",
    "RecoveryCode",
    "Role",
    "Throttle",
    "TrailHead",
    "User",
    "UserManager",
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class UserManager(BaseUserManager["User"]):
    """Creates users; addresses are kept in lower case."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address trimmed and in lower case."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by address, whatever its case."""
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password the account can be entered by mailed code only."""
        if not email:
            raise ValueError("An e-mail address is needed.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator of the whole installation."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in; what they may do follows from their memberships."""

    class Theme(models.TextChoices):
        """Colours of the pages."""

        SYSTEM = "", _("As my device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class TextSize(models.TextChoices):
        """Size of the text on the pages."""

        NORMAL = "", _("Normal")
        LARGE = "l", _("Large")
        LARGEST = "xl", _("Very large")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, blank=True)
    theme = models.CharField(_("colours"), max_length=5, choices=Theme.choices, blank=True, default="")
    text_size = models.CharField(_("text size"), max_length=2, choices=TextSize.choices, blank=True, default="")
    keyboard_shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    is_staff = models.BooleanField(_("administrator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    if TYPE_CHECKING:
        memberships_loaded: "Sequence[Membership]"

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def full_name(self) -> str:
        """First and last name, or nothing."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_full_name(self) -> str:
        """Name as Django's own pages ask for it."""
        return self.full_name

    def get_short_name(self) -> str:
        """First name, or the address."""
        return self.first_name or self.email


class Clinic(models.Model):
    """A physiotherapy clinic: the boundary nobody sees across."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=50, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    country = models.CharField(_("country"), max_length=2, default="DE", help_text=_("Two letters, for example DE or SG."))
    emergency_number = models.CharField(
        _("emergency number"), max_length=20, blank=True, help_text=_("Empty: the number of the country is shown.")
    )
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    # The bands of the rule set in force, where pages and patients read them without another query; nothing else writes them.
    pain_green_max = models.PositiveSmallIntegerField(_("green up to"), default=2, validators=[MinValueValidator(0), MaxValueValidator(8)])
    pain_amber_max = models.PositiveSmallIntegerField(_("amber up to"), default=5, validators=[MinValueValidator(1), MaxValueValidator(9)])
    escalate_minutes = models.PositiveSmallIntegerField(
        _("minutes before a second person is told of a stop sign"),
        default=15,
        validators=[MinValueValidator(5), MaxValueValidator(120)],
    )
    open_weekdays = models.JSONField(_("open on"), default=list, blank=True, help_text=_("ISO weekdays, 1 is Monday."))
    group_places = models.PositiveSmallIntegerField(
        _("places in a group"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("How many patients may be in the clinic at one time; empty means no limit."),
    )
    require_second_factor = models.BooleanField(_("staff need a second factor"), default=False)
    keep_records_years = models.PositiveSmallIntegerField(
        _("years records are kept after the end of treatment"), default=10, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    access_records_per_hour = models.PositiveSmallIntegerField(
        _("records opened within an hour before it is unusual"),
        default=40,
        validators=[MinValueValidator(10), MaxValueValidator(500)],
    )
    access_from = models.TimeField(_("usual hours from"), default=dt.time(6))
    access_to = models.TimeField(_("usual hours until"), default=dt.time(22))
    accent = models.CharField(_("colour"), max_length=10, choices=Accent.choices, default=Accent.PINE)
    logo = models.ForeignKey("clinics.ClinicLogo", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinics")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(pain_green_max__lt=F("pain_amber_max")), name="clinic_pain_bands_in_order"),
            models.CheckConstraint(condition=Q(pain_amber_max__lte=9), name="clinic_pain_bands_end_below_ten"),
            models.CheckConstraint(condition=Q(keep_records_years__gte=1, keep_records_years__lte=30), name="clinic_keeps_records"),
            models.CheckConstraint(condition=Q(escalate_minutes__gte=5, escalate_minutes__lte=120), name="clinic_escalates"),
            models.CheckConstraint(
                condition=Q(access_records_per_hour__gte=10, access_records_per_hour__lte=500, access_from__lt=F("access_to")),
                name="clinic_usual_access",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClosedDay(ScopedModel):
    """A day on which a clinic treats nobody."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="closed_days")
    on = models.DateField(_("day"))
    name = models.CharField(_("reason"), max_length=80, blank=True)

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["clinic", "on"], name="closed_day_once")]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.name}".strip()


class MembershipQuerySet(ScopedQuerySet["Membership"]):
    """Reads of memberships."""

    def current(self) -> "MembershipQuerySet":
        """Those that open a door: accepted, not ended, person active."""
        return self.filter(status=Membership.Status.ACTIVE, user__is_active=True)

    def staff(self) -> "MembershipQuerySet":
        """Managers and therapists."""
        return self.exclude(role=Role.PATIENT)


class Membership(ScopedModel):
    """One person in one clinic with one role; without a user while the invitation is open."""

    class Status(models.TextChoices):
        """Life of a membership; the moves are in `states.py`."""

        INVITED = "invited", _("invited")
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.INVITED)
    name = models.CharField(_("name"), max_length=160, blank=True, help_text=_("As the clinic knows the person."))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    scope = Scope("clinic", "pk")
    objects: ClassVar[Any] = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        indexes = [models.Index(fields=["clinic", "role", "status"], name="membership_by_role")]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "user"], name="membership_once_per_clinic"),
            models.CheckConstraint(condition=Q(status="invited") | Q(user__isnull=False) | Q(status="ended"), name="membership_has_person"),
        ]

    def __str__(self) -> str:
        return self.name or (str(self.user) if self.user else str(self.pk))

    @property
    def is_current(self) -> bool:
        """Whether this membership opens a door now."""
        return self.status == self.Status.ACTIVE and self.user is not None and self.user.is_active

    @property
    def is_patient(self) -> bool:
        """Whether the person is treated here."""
        return self.role == Role.PATIENT

    @property
    def is_staff(self) -> bool:
        """Whether the person works here."""
        return self.role != Role.PATIENT

    @property
    def initials(self) -> str:
        """Up to two capital letters for the round badge."""
        parts = str(self).replace("@", " ").split()
        return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


class Invitation(ScopedModel):
    """A mailed key to one membership: single use, a few days, bound to address and clinic."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="invitations")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"), max_length=254)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="sent_invitations")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    undelivered_at = models.DateTimeField(null=True, blank=True, help_text=_("When the mail server did not take it."))

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["clinic", "-created_at"], name="invitation_recent")]

    def __str__(self) -> str:
        return f"{self.email} · {self.clinic}"

    def is_open(self, now: dt.datetime) -> bool:
        """Whether the key still opens the door at `now`."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


class ApiToken(ScopedModel):
    """A key for programs, bound to one membership; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    scope = Scope("clinic", "membership")

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"


class AuditEvent(ScopedModel):
    """One read or write of somebody's record; the database refuses to change or delete it."""

    class Outcome(models.TextChoices):
        """How it ended."""

        OK = "ok", _("done")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic_id = models.UUIDField(null=True, blank=True)
    actor_id = models.UUIDField(null=True, blank=True)
    role = models.CharField(_("role"), max_length=13, blank=True)
    action = models.CharField(_("action"), max_length=60)
    patient_id = models.UUIDField(null=True, blank=True)
    object_type = models.CharField(_("kind of object"), max_length=60, blank=True)
    object_id = models.UUIDField(null=True, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, default=Outcome.OK)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request_id = models.CharField(_("request"), max_length=36, blank=True)
    at = models.DateTimeField(_("time"))
    digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    position = models.PositiveBigIntegerField(_("place in the chain"), null=True, blank=True, editable=False)

    scope = Scope("clinic_id")

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["clinic_id", "-at"], name="audit_by_clinic"),
            models.Index(fields=["clinic_id", "patient_id", "-at"], name="audit_by_patient"),
            models.Index(fields=["digest", "id"], name="audit_unsealed", condition=Q(digest="")),
        ]
        constraints = [
            # With a condition SQLite makes an index and does not copy the table, which would drop its triggers.
            models.UniqueConstraint(fields=["clinic_id", "position"], condition=Q(position__isnull=False), name="audit_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action}"


class Job(ScopedModel):
    """A piece of work too long for a request: who started it, how far it is, and what came of it.

    `params` and `result` hold ids, counts, dates and our own words, never names or free text of people: a job outlives an erasure.
    """

    class Status(models.TextChoices):
        """Life of a job; the moves are in `states.py`."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=40)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.WAITING)
    params = models.JSONField(default=dict, blank=True)
    result = models.JSONField(default=dict, blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("in all"), default=0, help_text=_("0 while nobody knows."))
    problem = models.CharField(_("what went wrong"), max_length=500, blank=True, help_text=_("In the language of who started it."))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    scope = Scope("clinic")
    coded = frozenset({"kind", "params", "result"})

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["clinic", "kind", "-created_at"], name="job_recent"),
            models.Index(fields=["status", "created_at"], name="job_unfinished", condition=Q(status__in=["waiting", "running"])),
        ]
        constraints = [models.CheckConstraint(condition=Q(total=0) | Q(done__lte=F("total")), name="job_done_within_total")]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"


class TrailHead(models.Model):
    """The last sealed entry of one clinic's trail; whoever seals moves it, so two workers cannot both."""

    chain = models.CharField(primary_key=True, max_length=36, help_text=_("The clinic's id; “-” for entries of no clinic."))
    position = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, default="")
    sealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("end of a trail")
        verbose_name_plural = _("ends of trails")

    def __str__(self) -> str:
        return f"{self.chain} {self.position}"


class Throttle(models.Model):
    """How often something was tried until `ends_at`; in the database, so that no full or empty cache forgets a lock."""

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("limit in use")
        verbose_name_plural = _("limits in use")

    def __str__(self) -> str:
        return f"{self.count} until {self.ends_at:%H:%M:%S}"


class RecoveryCode(models.Model):
    """A code on paper that replaces the second factor once; only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return str(self.pk)
