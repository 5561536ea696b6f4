"""Four tables, each with what its page shows."""

from django.conf import settings
from django.db import models


class Token(models.Model):
    """A key for the API."""

    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return self.key


class Patient(models.Model):
    """A patient and what the list of patients shows."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    clinic = models.IntegerField()
    name = models.CharField(max_length=160)
    program = models.CharField(max_length=20)
    week = models.IntegerField()
    reason = models.CharField(max_length=80)
    done = models.IntegerField()
    pain = models.IntegerField()
    readiness = models.IntegerField()
    check_in_at = models.DateTimeField()
    appointment_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["clinic", "name"], name="bare_patient_by_clinic")]

    def __str__(self) -> str:
        return self.name


class Session(models.Model):
    """A session of the week; what is to be done stands in it."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE)
    on = models.DateField()
    minutes = models.IntegerField()
    is_done = models.BooleanField()
    exercises = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["patient", "on"], name="bare_session_by_day")]

    def __str__(self) -> str:
        return str(self.on)


class CheckIn(models.Model):
    """Pain and readiness of a day."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE)
    on = models.DateField()
    pain = models.IntegerField()
    readiness = models.IntegerField()
    note = models.CharField(max_length=2000, blank=True)
    done_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "-on"], name="bare_check_in_recent")]

    def __str__(self) -> str:
        return str(self.on)
