"""Every address of the product."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from clinics.views.entry import home
from physio import health, offline

handler400 = "clinics.web.bad_request"
handler403 = "clinics.web.permission_denied"
handler404 = "clinics.web.page_not_found"
handler429 = "clinics.web.too_many_requests"
handler500 = "physio.outage.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    # signs of life
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # the application on a phone
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("sw.js", offline.service_worker, name="service_worker"),
    path("offline/<str:language>/", offline.offline, name="offline"),
    # what has a place of its own, so that nothing below is tried for it
    path("api/v1/", include("physio.api")),
    path("admin/", admin.site.urls),
    path("accounts/", include("clinics.account_urls")),
    # pages, one line an app, the most visited first
    path("", home, name="home"),
    path("", include("patients.urls")),
    path("", include("clinics.urls")),
    path("", include("programs.urls")),
    path("", include("exports.urls")),
    path("", include("reminders.urls")),
]
