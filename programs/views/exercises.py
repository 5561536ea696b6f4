"""The pages of a clinic's own exercises: write, change, approve, retire, and their pictures."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from programs.actions.exercises import approve_exercise, retire_exercise, write_exercise
from programs.forms.exercises import ExerciseForm
from programs.models import Exercise, ExercisePicture, ExerciseVideo
from programs.rules.ranges import asked_range
from programs.videos import pieces_of


def read_own(request: MemberRequest, pk: UUID) -> Exercise:
    """Return one of the clinic's own exercises; a shared one is not changed here."""
    found: Exercise = get_visible(
        Exercise.objects.filter(clinic__isnull=False).select_related("clinic", "made_by", "approved_by"), request.member, pk=pk
    )
    return found


@page("exercise.change", methods=("GET", "POST"))
def exercise_new(request: MemberRequest) -> HttpResponse:
    """Write an exercise of the clinic's own."""
    return write(request, None)


@page("exercise.change", methods=("GET", "POST"))
def exercise_change(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change one: what comes out is a new revision, programs keep the one they have."""
    return write(request, read_own(request, pk))


def write(request: MemberRequest, before: Exercise | None) -> HttpResponse:
    """Show the form, and write what is sent."""
    request.nav_key = "programs"
    form = ExerciseForm(*((request.POST, request.FILES) if request.method == "POST" else ()), before=before)
    error: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            given = {"clinic": request.member.clinic, "by": request.member, "now": timezone.now(), "before": before, **form.given()}
            row = write_exercise(**given)
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            messages.success(request, _("Saved. Before it can be used, somebody else of your clinic or a manager approves it."))
            return redirect("programs:exercise", pk=row.pk)
    status = status_of(form, error) if form.is_bound else 200
    return render(request, "programs/exercise_form.html", {"form": form, "exercise": before}, status=status)


@page("exercise.approve", methods=("POST",))
def exercise_approve(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the clinic use it."""
    exercise = read_own(request, pk)
    approve_exercise(exercise=exercise, by=request.member, now=timezone.now())
    messages.success(request, _("Approved. The exercise can be used now."))
    return redirect("programs:exercise", pk=exercise.pk)


@page("exercise.change", methods=("POST",))
def exercise_retire(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Offer it no more."""
    exercise = read_own(request, pk)
    retire_exercise(exercise=exercise, by=request.member, now=timezone.now())
    messages.success(request, _("The exercise is not offered any more. Programs that have it keep it."))
    return redirect("programs:exercises")


@page("exercise.view")
@cache_control(private=True, max_age=31_536_000, immutable=True)
def picture(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send the picture of an exercise to people of its clinic; a changed one has another address."""
    found: ExercisePicture = get_visible(ExercisePicture.objects.all(), request.member, pk=pk)
    return HttpResponse(
        bytes(found.content), content_type="image/webp", headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"}
    )


@page("exercise.view")
@cache_control(private=True, max_age=31_536_000, immutable=True)
def video(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send a film, or the part of it a browser asks for to seek in it, to people of its clinic; a changed one has another address."""
    found: ExerciseVideo = get_visible(ExerciseVideo.objects.all(), request.member, pk=pk)
    etag = f'"{found.digest[:32]}"'
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": 'inline; filename="exercise.mp4"',
        "Accept-Ranges": "bytes",
        "ETag": etag,
    }
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    try:
        part = asked_range(asked, found.size)
    except ValueError:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{found.size}"})
    first, last = part or (0, found.size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{found.size}"
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type="video/mp4", headers=headers)
    pieces = pieces_of(found, first, last)
    return cast(HttpResponse, StreamingHttpResponse(pieces, status=status, content_type="video/mp4", headers=headers))
