"""Addresses of the copies of a record, and of the table behind the outcomes."""

from django.urls import path

from exports import views

app_name = "exports"
urlpatterns = [
    path("me/more/data/download/", views.own, name="own"),
    path("me/more/data/download/record.json", views.own_copy, {"kind": "json"}, name="own_json"),
    path("me/more/data/download/record.zip", views.own_copy, {"kind": "csv"}, name="own_csv"),
    path("patients/letters/<uuid:pk>/letter.pdf", views.letter, name="letter"),
    path("outcomes/table/", views.outcomes, name="outcomes"),
    path("outcomes/table/outcomes.csv", views.outcomes_csv, name="outcomes_csv"),
]
