"""Addresses of reminders."""

from django.urls import path

from reminders import views
from reminders.views import look

app_name = "reminders"
urlpatterns = [
    path("me/reminders/", views.mine, name="mine"),
    path("me/reminders/times/", views.preferences, name="preferences"),
    path("me/reminders/device/", views.device, name="device"),
    path("me/reminders/phone/", views.phone, name="phone"),
    path("me/reminders/again/", views.again, name="again"),
    path("me/reminders/calendar/", views.calendar, name="calendar"),
    path("patients/<uuid:pk>/reminders/", views.ledger, name="ledger"),
    path("patients/<uuid:pk>/reminders/times/", views.patient_preferences, name="patient_preferences"),
    path("patients/<uuid:pk>/reminders/again/", views.patient_again, name="patient_again"),
    path("clinic/notices/", views.staff_notices, name="notices"),
    path("clinic/notices/test/", views.test, name="test"),
    path("clinic/texts/", look.texts, name="texts"),
    path("clinic/texts/preview/", look.texts_preview, name="texts_preview"),
    path("clinic/reminders/", views.policy, name="policy"),
    path("clinic/reminders/figures/", views.figures, name="figures"),
    # from a mail, without signing in: the signed key opens these wishes and nothing else
    path("calendar/<str:key>.ics", views.calendar_feed, name="calendar_feed"),
    path("reminders/stop/<str:token>/", views.stop, name="stop"),
    path("reminders/later/<str:token>/", views.later, name="later"),
    path("reminders/text/<str:token>/", views.text_report, name="text_report"),
    path("reminders/one-click/<str:token>/", views.one_click, name="one_click"),
]
