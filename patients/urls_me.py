"""Addresses of the patient's own pages, below /me/."""

from django.urls import path

from patients.views import checkin, consents, data, me, messages, plan, progress, runs, sessions

urlpatterns = [
    path("", me.today, name="today"),
    path("consent/", consents.consent, name="consent"),
    path("check-in/", checkin.check_in, name="check_in"),
    path("symptoms/", checkin.symptoms, name="symptoms"),
    path("stop/<uuid:pk>/", checkin.stop, name="stop"),
    path("stop/<uuid:pk>/mistake/", checkin.stop_mistake, name="stop_mistake"),
    path("sessions/<uuid:pk>/", sessions.session, name="session"),
    path("sessions/<uuid:pk>/play/", sessions.session_play, name="session_play"),
    path("sessions/<uuid:pk>/stop/", sessions.session_stop, name="session_stop"),
    path("sessions/<uuid:pk>/move/", plan.session_move, name="session_move"),
    path("sessions/<uuid:pk>/skip/", plan.session_skip, name="session_skip"),
    path("sessions/<uuid:pk>/run/", runs.session_run, name="session_run"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.run_new, name="run_new"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("runs/<uuid:pk>/delete/", runs.run_delete, name="run_delete"),
    path("shoes/", runs.shoes, name="shoes"),
    path("shoes/<uuid:pk>/put-aside/", runs.shoe_retire, name="shoe_retire"),
    path("shoes/<uuid:pk>/take-up/", runs.shoe_take_up, name="shoe_take_up"),
    path("plan/", plan.plan, name="plan"),
    path("plan/pause/", plan.pause, name="pause"),
    path("progress/", progress.progress, name="progress"),
    path("assessment/", progress.assessment, name="assessment"),
    path("assessment/<uuid:pk>/", progress.assessment, name="assessment"),
    path("assessment/<uuid:pk>/skip/", progress.assessment_skip, name="assessment_skip"),
    path("entries/<str:kind>/<uuid:pk>/", progress.entry_correct, name="entry_correct"),
    path("more/", me.more, name="more"),
    path("more/opened/", me.opened, name="opened"),
    path("more/consents/", consents.consents, name="consents"),
    path("more/consents/stop/", consents.consent_stop, name="consent_stop"),
    path("messages/", messages.messages, name="messages"),
    path("more/data/", data.my_data, name="my_data"),
    path("more/data/corrections/", data.corrections, name="corrections"),
    path("more/data/erasure/", data.erasure_ask, name="erasure_ask"),
    path("more/data/erasure/<uuid:pk>/withdraw/", data.erasure_withdraw, name="erasure_withdraw"),
]
