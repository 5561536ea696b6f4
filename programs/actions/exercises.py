"""A clinic's own exercises: written, approved by somebody else before first use, changed only as a new revision."""

import datetime as dt
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import Clinic, Membership, Role
from programs.actions.building import check_owner, free_key
from programs.models import Exercise, ExercisePicture, ExerciseVideo, VideoPart
from programs.pictures import Picture
from programs.rules.film import Film
from programs.rules.library import content_hash


@transaction.atomic
def write_exercise(
    *,
    clinic: Clinic,
    names: Mapping[str, str],
    group: str,
    measure: str,
    content: Mapping[str, Any],
    by: Membership,
    now: dt.datetime,
    picture: Picture | None = None,
    film: Film | None = None,
    keeps_film: bool = True,
    before: Exercise | None = None,
) -> Exercise:
    """Write an exercise, or a new revision of `before`; it is used once somebody else has approved it.

    Without a new picture or film the one of `before` stays, a film unless `keeps_film` is False.
    Raises Conflict when a newer revision was written meanwhile.
    """
    check_owner(clinic, by)
    if before is not None:
        check_owner(before.clinic, by)
    texts = dict(content)
    if picture is not None:
        stored = keep_picture(clinic, picture, now=now)
        texts["picture"] = {"id": str(stored.pk), "width": stored.width, "height": stored.height}
    elif before is not None and before.content.get("picture"):
        texts["picture"] = before.content["picture"]
    if film is not None:
        kept = keep_film(clinic, film, now=now)
        texts["video"] = {"id": str(kept.pk), "seconds": kept.seconds, "width": kept.width, "height": kept.height}
    elif keeps_film and before is not None and before.content.get("video"):
        texts["video"] = before.content["video"]
    try:
        with transaction.atomic():
            row: Exercise = Exercise.objects.create(
                clinic=clinic,
                key=before.key if before else free_key(names["en"]),
                revision=before.revision + 1 if before else 1,
                is_current=False,
                group=group,
                measure=measure,
                names=dict(names),
                content=texts,
                digest=content_hash([dict(names), group, measure, texts]),
                made_by=by,
                created_at=now,
            )
    except IntegrityError as error:
        raise Conflict(_("Somebody else has changed this exercise in the meantime. Please look at it again.")) from error
    audit.record("exercise.change" if before else "exercise.create", row=row, by=by, at=now, key=row.key, revision=row.revision)
    return row


def keep_picture(clinic: Clinic, picture: Picture, *, now: dt.datetime) -> ExercisePicture:
    """Store a picture once for its clinic."""
    fields = {"content": picture.content, "width": picture.width, "height": picture.height, "created_at": now}
    found: tuple[ExercisePicture, bool] = ExercisePicture.objects.get_or_create(clinic=clinic, digest=picture.digest, defaults=fields)
    return found[0]


def keep_film(clinic: Clinic, film: Film, *, now: dt.datetime) -> ExerciseVideo:
    """Store a film once for its clinic, in parts."""
    shape = {"size": len(film.content), "seconds": film.seconds, "width": film.width, "height": film.height, "has_sound": film.has_sound}
    digest = sha256(film.content).hexdigest()
    found: ExerciseVideo
    found, is_new = ExerciseVideo.objects.get_or_create(clinic=clinic, digest=digest, defaults={**shape, "created_at": now})
    if is_new:
        step = VideoPart.BYTES
        for number, start in enumerate(range(0, len(film.content), step)):
            VideoPart.objects.create(clinic=clinic, video=found, number=number, content=film.content[start : start + step])
    return found


def may_approve(exercise: Exercise, member: Membership) -> bool:
    """Tell whether this member may approve the exercise: anybody of the staff but who wrote it, and every manager."""
    own = exercise.clinic_id == member.clinic_id and not member.is_patient and exercise.approved_at is None
    return own and (exercise.made_by_id != member.pk or member.role == Role.MANAGER)


@transaction.atomic
def approve_exercise(*, exercise: Exercise, by: Membership, now: dt.datetime) -> None:
    """Let the clinic use an exercise; the revision before it is offered no more. Raises NotAllowed for who wrote it, Conflict."""
    check_owner(exercise.clinic, by)
    if exercise.approved_at is None and not may_approve(exercise, by):
        raise NotAllowed(_("Somebody else of your clinic has to approve what you have written."))
    rows = Exercise.objects.filter(clinic_id=by.clinic_id, key=exercise.key)
    if rows.filter(revision__gt=exercise.revision).exists():
        raise Conflict(_("There is a newer revision of this exercise. Please look at that one."))
    rows.filter(is_current=True).update(is_current=False)
    if rows.filter(pk=exercise.pk, approved_at=None).update(is_current=True, approved_by=by, approved_at=now) != 1:
        raise Conflict(_("This was changed in the meantime. Please look at it again."))
    exercise.is_current, exercise.approved_by, exercise.approved_at = True, by, now
    audit.record("exercise.approve", row=exercise, by=by, at=now, key=exercise.key, revision=exercise.revision)


@transaction.atomic
def retire_exercise(*, exercise: Exercise, by: Membership, now: dt.datetime) -> None:
    """Offer an exercise no more; programs that have it keep it. Raises Invalid for one that is not offered."""
    check_owner(exercise.clinic, by)
    if Exercise.objects.filter(pk=exercise.pk, clinic_id=by.clinic_id, is_current=True).update(is_current=False) != 1:
        raise Invalid(_("This exercise is not offered any more."))
    exercise.is_current = False
    audit.record("exercise.retire", row=exercise, by=by, at=now, key=exercise.key, revision=exercise.revision)
