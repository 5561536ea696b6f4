"""A week of a plan as a tagged PDF to take home: pictures, doses, boxes to tick, and a way to the log of the day."""

import datetime as dt
import io
from collections.abc import Mapping
from typing import Any

import segno
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from clinics.models import Membership
from exports.paper import STAND_IN, each_text, one_line, set_pdf
from patients.handout_words import Week, exercises_of, word_week
from programs.models import Exercise, ExercisePicture
from programs.templatetags.pictograms import draw

DRAWING = """<style>
.pg-n{fill:#111}.pg-f{fill:#8b8b8b}.pg-g{opacity:.15}.pg-g *{fill:#111}.pg-g polyline{fill:none}
.pg-h path{fill:#fff;stroke:#fff;stroke-width:4.5;stroke-linejoin:round}
.pg-p{fill:#d9d9d9}.pg-q{fill:#e4e4e4}.pg-b{fill:#c04a22}.pg-m{fill:#f0a27f}
.pg-pl,.pg-ql,.pg-bl,.pg-a{fill:none;stroke-linecap:round;stroke-linejoin:round}
.pg-pl{stroke:#bdbdbd}.pg-ql{stroke:#e4e4e4}.pg-bl{stroke:#c04a22}.pg-a{stroke:#c04a22;stroke-width:3}
</style>"""
"""The colours of the drawings on paper."""


def handout_pdf(week: Week, *, language: str, large: bool, member: Membership, now: dt.datetime, today: dt.date) -> bytes:
    """Return a week as PDF in a language, with large print where wished; `member` is who may see the pictures."""
    with translation.override(language):
        data = word_week(week, today=today)
        words = {
            "log": _("Log online"),
            "stop": _("Stop and get medical help now with one of these signs:"),
            "page": _("Page"),
            "left_out": _("%(sign)s stands for a sign that cannot be printed here.") % {"sign": STAND_IN},
        }
        address = settings.BASE_URL + reverse("patients:today")
        data |= {"large": large, "address": address.partition("://")[2], "qr": qr_svg(address)}
        files = add_pictures(data, exercises_of(week), member)
    for name in ("sender", "about"):
        data[name] = each_text(data[name], one_line)
    return set_pdf("handout", data, words, language=language, at=int(now.timestamp()), files=files)


def add_pictures(data: dict[str, Any], exercises: Mapping[str, Exercise], member: Membership) -> dict[str, bytes]:
    """Put the drawing into each card, or the name of the photo among the files that are returned."""
    photos = {one.content["picture"]["id"] for one in exercises.values() if one.clinic_id and one.content.get("picture")}
    rows = ExercisePicture.objects.visible_to(member).filter(pk__in=photos) if photos else ()
    files = {f"photo-{row.pk}": bytes(row.content) for row in rows}
    for part in data["parts"]:
        for card in part["cards"]:
            exercise = exercises[card["exercise"]]
            card["svg"] = card["photo"] = ""
            if exercise.clinic_id is None:
                card["svg"] = draw(exercise, "crop", card["variant"]).replace(">", f">{DRAWING}", 1)
            elif (name := f"photo-{(exercise.content.get('picture') or {}).get('id')}") in files:
                card["photo"] = name
    return files


def qr_svg(address: str) -> str:
    """Draw an address as a QR code."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=0, xmldecl=False, svgclass=None, lineclass=None)
    return out.getvalue().decode()
