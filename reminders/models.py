"""What patients and staff wish to be told, by which channels, what was told, fetched calendars, and the clockwork's sign of life."""

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models import Alert, Patient

Row = TypeVar("Row", bound="Outgoing")


class Kind(models.TextChoices):
    """What a reminder is about."""

    SESSION_TODAY = "session_today", _("session today")
    SESSION_MISSED = "session_missed", _("session missed yesterday")
    CHECK_IN = "check_in", _("check-in")
    ASSESSMENT_DUE = "assessment_due", _("measurement due")
    PLAN_CHANGED = "plan_changed", _("plan changed")
    MESSAGE_WAITING = "message_waiting", _("message waiting")
    WEEKLY_SUMMARY = "weekly_summary", _("weekly summary")


class Channel(models.TextChoices):
    """How it reaches the person."""

    EMAIL = "email", _("e-mail")
    PUSH = "push", _("notification")
    SMS = "sms", _("text message")


_ReminderKind = Kind


class Preference(ScopedModel):
    """A patient's wish for one kind of reminder; no row means the default."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="reminder_preferences")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    is_on = models.BooleanField(_("wanted"), default=True)
    at_local_time = models.TimeField(_("time of day"))
    weekday = models.PositiveSmallIntegerField(_("day of the week"), null=True, blank=True, help_text=_("ISO weekday of the summary."))
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    paused_to_on = models.DateField(_("paused up to"), null=True, blank=True, help_text=_("The last day without this reminder."))
    changed_at = models.DateTimeField(default=timezone.now)

    scope = Scope("clinic", "patient__membership")
    goes_with_person = True

    class Meta:
        verbose_name = _("reminder wish")
        verbose_name_plural = _("reminder wishes")
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "kind"], name="preference_once"),
            models.CheckConstraint(condition=Q(weekday=None) | Q(weekday__gte=1, weekday__lte=7), name="preference_weekday"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None) | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="preference_quiet_both",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient"], name="preference_weekly", condition=Q(kind="weekly_summary", is_on=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at_local_time:%H:%M}"


class PushSubscription(ScopedModel):
    """One device on which a patient wants notifications: where its push service listens, and the keys only that device can read with."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=600, editable=False)
    digest = models.CharField(max_length=64, editable=False, help_text=_("Digest of the endpoint."))
    p256dh = models.CharField(max_length=100, editable=False)
    auth = models.CharField(max_length=40, editable=False)
    service = models.CharField(_("push service"), max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic", "patient__membership")
    goes_with_person = True

    class Meta:
        verbose_name = _("device for notifications")
        verbose_name_plural = _("devices for notifications")
        constraints = [models.UniqueConstraint(fields=["clinic", "digest"], name="push_subscription_once")]
        indexes = [models.Index(fields=["digest"], name="push_subscription_digest")]

    def __str__(self) -> str:
        return str(self.pk)


class Contact(ScopedModel):
    """What is known of one way to a patient: a confirmed telephone number, and an address that was refused for good."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="contacts")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    number = models.CharField(_("mobile number"), max_length=16, blank=True, help_text=_("As +49…; for text messages only."))
    code_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_until_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    refused_address = models.CharField(_("refused address"), max_length=254, blank=True)
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True)
    error = models.CharField(_("answer"), max_length=40, blank=True)

    scope = Scope("clinic", "patient__membership")
    goes_with_person = True

    class Meta:
        verbose_name = _("way to a patient")
        verbose_name_plural = _("ways to patients")
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "channel"], name="contact_once_a_channel")]

    def __str__(self) -> str:
        return str(self.pk)


def usual_channels() -> list[str]:
    """Return the channels that are on, besides e-mail, until a clinic says otherwise; text messages cost money and are not among them."""
    return [Channel.PUSH.value]


class ReminderPolicy(ScopedModel):
    """What a clinic lets its patients be reminded of, by which channels, and between which hours; no row means the defaults."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.OneToOneField(Clinic, on_delete=models.CASCADE, related_name="reminder_policy")
    kinds_off = models.JSONField(_("kinds that are off"), default=list, blank=True)
    channels = models.JSONField(_("channels that are on"), default=usual_channels, blank=True, help_text=_("Besides e-mail."))
    earliest_at = models.TimeField(_("not before"), null=True, blank=True)
    latest_at = models.TimeField(_("not after"), null=True, blank=True)
    most_unanswered = models.PositiveSmallIntegerField(_("unanswered reminders in a row"), null=True, blank=True, default=6)
    shown_as = models.CharField(_("sender shown"), max_length=40, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("reminder policy")
        verbose_name_plural = _("reminder policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(earliest_at=None) | Q(latest_at=None) | Q(earliest_at__lt=models.F("latest_at")), name="reminder_policy_hours"
            ),
            models.CheckConstraint(
                condition=Q(most_unanswered=None) | Q(most_unanswered__gte=2, most_unanswered__lte=30), name="reminder_policy_unanswered"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class OutgoingQuerySet(ScopedQuerySet[Row]):
    """Reads of what is to be sent."""

    def queued(self) -> Self:
        """Waiting to be sent."""
        return self.filter(status=Outgoing.Status.QUEUED)


class DeliveryQuerySet(OutgoingQuerySet["Delivery"]):
    """Reads of deliveries."""


class StaffNoticeQuerySet(OutgoingQuerySet["StaffNotice"]):
    """Reads of mails to staff."""


class Outgoing(ScopedModel):
    """One message to one person: this row is the truth, queue messages only nudge.

    The clinic has no index of its own: others begin with it, and every index is written three times in the life of a row.
    """

    class Status(models.TextChoices):
        """Life of a message; the moves are in `states.py`."""

        QUEUED = "queued", _("planned")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", _("sent")
        HELD = "held", _("not sent")
        MISSED = "missed", _("too late, not sent")
        FAILED = "failed", _("could not be delivered")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    slot_on = models.DateField(_("for the day"))
    due_at = models.DateTimeField(_("due at"))
    expires_at = models.DateTimeField(_("useful until"))
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, help_text=_("After the first one, due at is the next attempt."))
    claim = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class Delivery(Outgoing):
    """One reminder to one patient for one local day."""

    class HoldReason(models.TextChoices):
        """Why a reminder was not sent."""

        ALREADY_DONE = "already_done", _("already done")
        SKIPPED = "skipped", _("skipped")
        OPTED_OUT = "opted_out", _("reminder switched off")
        NO_CONSENT = "no_consent", _("no agreement to reminders")
        PAUSED = "paused", _("paused")
        MOVED = "moved", _("moved to another day")
        ON_HOLD = "on_hold", _("training is on hold")
        ENDED = "ended", _("program ended")
        NOTHING = "nothing", _("nothing to say")
        OTHER_MAIL = "other_mail", _("another reminder that day")
        NO_ACCESS = "no_access", _("no longer a patient here")
        NO_ADDRESS = "no_address", _("no address")
        REFUSED = "refused", _("address refused")
        UNANSWERED = "unanswered", _("many reminders without an answer")
        CLINIC_OFF = "clinic_off", _("switched off by the clinic")

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    subject_id = models.UUIDField(_("about"), null=True, blank=True)
    hold_reason = models.CharField(_("reason"), max_length=12, choices=HoldReason.choices, blank=True)
    snoozes = models.PositiveSmallIntegerField(_("put off"), default=0, help_text=_("How often the patient asked for it later."))

    scope = Scope("clinic", "patient__membership")
    goes_with_person = True
    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "kind", "slot_on"], name="delivery_once"),
            models.CheckConstraint(condition=Q(due_at__lt=models.F("expires_at")), name="delivery_times_in_order"),
        ]
        indexes = [
            models.Index(fields=["status", "due_at"], name="delivery_due"),
            models.Index(fields=["clinic", "patient", "-due_at"], name="delivery_by_patient"),
            models.Index(fields=["claim"], name="delivery_claimed", condition=Q(claim__isnull=False)),
            models.Index(fields=["leased_until"], name="delivery_leased", condition=Q(leased_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slot_on:%Y-%m-%d}"


class StaffNotice(Outgoing):
    """One mail to one member of the clinic: a stop sign nobody has acknowledged, the digest of a day, a patient reminders do not reach."""

    class Kind(models.TextChoices):
        """What it is about."""

        STOP_SIGN = "stop_sign", _("stop sign")
        DIGEST = "digest", _("daily digest")
        UNREACHABLE = "unreachable", _("address refused")
        UNANSWERED = "unanswered", _("reminders without an answer")
        JOB = "job", _("work that has ended")
        TEST = "test", _("test mail")

    class HoldReason(models.TextChoices):
        """Why it was not sent."""

        SEEN = "seen", _("somebody had acknowledged it")
        NOTHING_NEW = "nothing_new", _("nothing new")
        OPTED_OUT = "opted_out", _("digest switched off")
        NO_ACCESS = "no_access", _("no longer works here")
        NO_ADDRESS = "no_address", _("no address")
        REFUSED = "refused", _("address refused")

    member = models.ForeignKey(Membership, on_delete=models.PROTECT, verbose_name=_("recipient"), related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    subject_id = models.UUIDField(_("about"), null=True, blank=True, help_text=_("The work that has ended."))
    step = models.PositiveSmallIntegerField(_("step"), default=0, help_text=_("0 first, 1 second person, 2 all managers."))
    sample = models.CharField(_("sample of"), max_length=20, choices=_ReminderKind.choices, blank=True)
    hold_reason = models.CharField(_("reason"), max_length=12, choices=HoldReason.choices, blank=True)

    scope = Scope("clinic")
    goes_with_person = True
    objects: ClassVar[Any] = StaffNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail to staff")
        verbose_name_plural = _("mails to staff")
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "alert", "member", "step"], condition=Q(alert__isnull=False), name="staff_notice_once_a_step"
            ),
            models.UniqueConstraint(
                fields=["clinic", "member", "kind", "slot_on", "sample"],
                condition=Q(alert__isnull=True, patient__isnull=True, subject_id__isnull=True),
                name="staff_notice_once_a_day",
            ),
            models.UniqueConstraint(
                fields=["clinic", "patient", "member", "kind", "slot_on"],
                condition=Q(alert__isnull=True, patient__isnull=False),
                name="staff_notice_once_a_patient",
            ),
            models.UniqueConstraint(
                fields=["clinic", "subject_id", "member", "kind"], condition=Q(subject_id__isnull=False), name="staff_notice_once_a_subject"
            ),
            models.CheckConstraint(condition=Q(due_at__lt=models.F("expires_at")), name="staff_notice_times_in_order"),
        ]
        indexes = [
            models.Index(fields=["status", "due_at"], name="staff_notice_due"),
            models.Index(fields=["clinic", "patient", "-due_at"], name="staff_notice_by_patient"),
            models.Index(fields=["clinic", "-due_at"], name="staff_notice_recent"),
            models.Index(fields=["claim"], name="staff_notice_claimed", condition=Q(claim__isnull=False)),
            models.Index(fields=["leased_until"], name="staff_notice_leased", condition=Q(leased_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slot_on:%Y-%m-%d}"


class StaffWish(ScopedModel):
    """Whether a member of the clinic wants the daily digest; no row means yes. Stop signs cannot be switched off."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    member = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="staff_wish")
    wants_digest = models.BooleanField(_("daily digest"), default=True)
    changed_at = models.DateTimeField(default=timezone.now)

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("wish of staff")
        verbose_name_plural = _("wishes of staff")

    def __str__(self) -> str:
        return str(self.pk)


class CalendarKey(ScopedModel):
    """A secret address under which a calendar program fetches a patient's sessions; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="calendar_keys")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last fetched at"), null=True, blank=True)

    scope = Scope("clinic", "patient__membership")
    goes_with_person = True

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient"], condition=Q(revoked_at=None), name="calendar_key_one_in_force")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Heartbeat(models.Model):
    """When a part of the clockwork last ran; `/readyz` reads it."""

    name = models.CharField(primary_key=True, max_length=30)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
