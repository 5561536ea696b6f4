"""Addresses of the patient's record: the clinic's pages, and the patient's own below /me/."""

from django.urls import include, path

app_name = "patients"
urlpatterns = [
    path("me/", include("patients.urls_me")),
    path("", include("patients.urls_staff")),
]
