"""Addresses of programs and exercises."""

from django.urls import path

from programs import views

app_name = "programs"
urlpatterns = [
    path("programs/", views.program_list, name="list"),
    path("programs/<uuid:pk>/", views.program_detail, name="program"),
    path("programs/<uuid:pk>/approve/", views.approve, name="approve"),
    path("exercises/", views.exercise_list, name="exercises"),
    path("exercises/pictograms/", views.contact_sheet, name="contact_sheet"),
    path("exercises/<uuid:pk>/", views.exercise_detail, name="exercise"),
]
