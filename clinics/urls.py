"""Addresses of people and clinics."""

from django.urls import path

from clinics.views import clinic, entry, invitations, jobs, own, staff

app_name = "clinics"
urlpatterns = [
    # coming in
    path("join/", invitations.join, name="join"),
    path("join/<str:key>/", invitations.open_link, name="open_link"),
    path("clinics/", entry.choose, name="choose"),
    path("clinics/switch/", entry.switch, name="switch"),
    path("session/keep/", entry.keep_alive, name="keep_alive"),
    path("logos/<uuid:pk>.png", clinic.logo, name="logo"),
    path("language/", entry.set_language, name="set_language"),
    # what a person has
    path("settings/", own.settings_page, name="settings"),
    path("settings/sessions/", own.sessions, name="sessions"),
    path("settings/tokens/", own.tokens, name="tokens"),
    path("settings/tokens/<uuid:pk>/end/", own.token_end, name="token_end"),
    path("settings/recovery-codes/", own.recovery_codes, name="recovery_codes"),
    path("settings/confirm/", own.confirm_by_code, name="confirm_by_code"),
    path("jobs/<uuid:pk>/", jobs.job, name="job"),
    # what a manager manages
    path("clinic/", clinic.change, name="clinic"),
    path("clinic/closed-days/", clinic.closed_days, name="closed_days"),
    path("clinic/closed-days/<uuid:pk>/remove/", clinic.closed_day_remove, name="closed_day_remove"),
    path("clinic/staff/", staff.people, name="staff"),
    path("clinic/staff/invite/", staff.invite, name="staff_invite"),
    path("clinic/staff/<uuid:pk>/role/", staff.role, name="staff_role"),
    path("clinic/invitations/<uuid:pk>/renew/", staff.renew, name="invitation_renew"),
    path("clinic/invitations/<uuid:pk>/revoke/", staff.revoke, name="invitation_revoke"),
]
