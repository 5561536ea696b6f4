"""Addresses of programs and exercises."""

from django.urls import path

from programs import views
from programs.views import builder, exercises, sheets

app_name = "programs"
urlpatterns = [
    path("programs/", views.program_list, name="list"),
    path("programs/new/", builder.program_new, name="new"),
    path("programs/compare/", sheets.compare, name="compare"),
    path("programs/<uuid:pk>/", views.program_detail, name="program"),
    path("programs/<uuid:pk>/approve/", views.approve, name="approve"),
    path("programs/<uuid:pk>/revise/", builder.program_revise, name="revise"),
    path("programs/versions/<uuid:pk>/build/", builder.build, name="build"),
    path("programs/versions/<uuid:pk>/preview/", builder.preview, name="preview"),
    path("programs/versions/<uuid:pk>/publish/", builder.publish, name="publish"),
    path("programs/versions/<uuid:pk>/discard/", builder.discard, name="discard"),
    path("programs/versions/<uuid:pk>/retire/", builder.retire, name="retire"),
    path("programs/versions/<uuid:pk>/sheets/", sheets.sheets, name="sheets"),
    path("exercises/", views.exercise_list, name="exercises"),
    path("exercises/pictograms/", views.contact_sheet, name="contact_sheet"),
    path("exercises/new/", exercises.exercise_new, name="exercise_new"),
    path("exercises/pictures/<uuid:pk>/", exercises.picture, name="picture"),
    path("exercises/videos/<uuid:pk>/", exercises.video, name="video"),
    path("exercises/<uuid:pk>/", views.exercise_detail, name="exercise"),
    path("exercises/<uuid:pk>/change/", exercises.exercise_change, name="exercise_change"),
    path("exercises/<uuid:pk>/approve/", exercises.exercise_approve, name="exercise_approve"),
    path("exercises/<uuid:pk>/retire/", exercises.exercise_retire, name="exercise_retire"),
]
