"""Addresses of the clinic's pages about patients."""

from django.urls import path

from patients.views import alerts, assign, caseload, data, group, messages, patient_page, people, planning, supervise, tailoring, trail, welcome

urlpatterns = [
    path("patients/", caseload.caseload, name="caseload"),
    path("welcome/", welcome.welcome, name="welcome"),
    path("clinic/trail/", trail.trail, name="trail"),
    path("clinic/erasure/", data.erasure_requests, name="erasure_requests"),
    path("patients/new/", people.patient_new, name="patient_new"),
    path("patients/<uuid:pk>/", patient_page.patient, name="patient"),
    path("patients/<uuid:pk>/plan/", patient_page.patient_plan, name="patient_plan"),
    path("patients/<uuid:pk>/sessions/", patient_page.patient_sessions, name="patient_sessions"),
    path("patients/<uuid:pk>/assessments/", patient_page.patient_assessments, name="patient_assessments"),
    path("patients/<uuid:pk>/messages/", messages.patient_messages, name="patient_messages"),
    path("patients/<uuid:pk>/messages/read/", messages.patient_messages_read, name="patient_messages_read"),
    path("patients/<uuid:pk>/record/", patient_page.patient_record, name="patient_record"),
    path("patients/<uuid:pk>/edit/", people.patient_edit, name="patient_edit"),
    path("patients/<uuid:pk>/invite/", people.patient_invite, name="patient_invite"),
    path("patients/<uuid:pk>/archive/", people.patient_archive, name="patient_archive"),
    path("patients/<uuid:pk>/erasure/", data.erasure, name="erasure"),
    path("patients/<uuid:pk>/assign/", assign.assign, name="assign"),
    path("patients/<uuid:pk>/assign/confirm/", assign.assign_confirm, name="assign_confirm"),
    path("patients/assignments/<uuid:pk>/end/", assign.assignment_end, name="assignment_end"),
    path("patients/assignments/<uuid:pk>/tailor/", tailoring.assignment_tailor, name="assignment_tailor"),
    path("patients/assignments/<uuid:pk>/model-line/", assign.assignment_model_line, name="assignment_model_line"),
    path("patients/assignments/<uuid:pk>/withdraw/", assign.assignment_withdraw, name="assignment_withdraw"),
    path("patients/assignments/<uuid:pk>/pause/", planning.assignment_pause, name="assignment_pause"),
    path("patients/alerts/<uuid:pk>/", alerts.alert_acknowledge, name="alert_acknowledge"),
    path("patients/alerts/<uuid:pk>/snooze/", alerts.alert_snooze, name="alert_snooze"),
    path("patients/alerts/<uuid:pk>/resolve/", alerts.alert_resolve, name="alert_resolve"),
    path("patients/reports/<uuid:pk>/clear/", alerts.report_clear, name="report_clear"),
    path("sessions/today/", group.group, name="group"),
    path("sessions/today/walk-in/", group.walk_in_page, name="walk_in"),
    path("sessions/<uuid:pk>/signs/", group.group_signs, name="group_signs"),
    path("patients/sessions/<uuid:pk>/", supervise.session_supervise, name="session_supervise"),
    path("patients/sessions/<uuid:pk>/move/", planning.session_shift, name="session_shift"),
    path("patients/assessments/<uuid:pk>/", supervise.assessment_enter, name="assessment_enter"),
]
