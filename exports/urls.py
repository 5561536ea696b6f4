"""Addresses of the copies of a record, of papers, and of the table behind the outcomes."""

from django.urls import path

from exports import views

app_name = "exports"
urlpatterns = [
    path("me/more/data/download/", views.own, name="own"),
    path("me/more/data/download/record.json", views.own_copy, {"kind": "json"}, name="own_json"),
    path("me/more/data/download/record.zip", views.own_copy, {"kind": "csv"}, name="own_csv"),
    path("me/plan/handout.pdf", views.own_handout, name="own_handout"),
    path("patients/<uuid:pk>/handout.pdf", views.handout, name="handout"),
    path("patients/letters/<uuid:pk>/letter.pdf", views.letter, name="letter"),
    path("outcomes/table/", views.outcomes, name="outcomes"),
    path("outcomes/table/outcomes.csv", views.outcomes_csv, name="outcomes_csv"),
]
