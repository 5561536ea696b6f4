"""One resource: a user's check-ins."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from rest_framework import generics, serializers

from bench.bare_django.models import CheckIn


class CheckInSerializer(serializers.ModelSerializer[CheckIn]):
    """Shows and takes a check-in."""

    class Meta:
        model = CheckIn
        fields = ("id", "on", "pain", "readiness", "note", "done_at")
        read_only_fields = ("done_at",)


class CheckIns(generics.ListCreateAPIView[CheckIn]):
    """List and create."""

    serializer_class = CheckInSerializer

    def get_queryset(self) -> QuerySet[CheckIn]:
        """Return the user's own."""
        return CheckIn.objects.filter(patient__user=self.request.user).order_by("-on")

    def perform_create(self, serializer: Any) -> None:
        """Store it for the user."""
        serializer.save(patient_id=self.request.user.pk, done_at=timezone.now())


urlpatterns = [path("api/check-ins/", CheckIns.as_view())]
