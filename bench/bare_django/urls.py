"""Addresses of the bare project."""

from django.contrib.auth.views import LoginView
from django.urls import path

from bench.bare_django import views

urlpatterns = [
    path("api/check-ins/", views.check_ins),
    path("today/", views.today),
    path("caseload/", views.caseload),
    path("login/", LoginView.as_view(template_name="login.html")),
]
