"""Logo, colour and own words: shown where they belong, checked where they come in, seen before they are sent."""

import datetime as dt
import io
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from clinics.actions.invitations import invite_member
from clinics.actions.look import change_look, change_words
from clinics.branding import logo_of
from clinics.errors import NotAllowed
from clinics.images import Unreadable
from clinics.logos import HIGHEST, WIDEST, logo_from
from clinics.models import AuditEvent, Clinic, ClinicLogo, ClinicText
from clinics.rules.palette import PALETTE
from reminders.actions.clockwork import tick
from reminders.channels.email import Look, Occasion, Recipient, compose
from reminders.views.look import policy_for
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db

PAGE = "/clinic/texts/"
WORDS = {
    "reminder": "Bus 42 stops at the door & waits.",
    "invitation": "Bring a towel.",
    "closing": "Kind regards",
    "signature": "the team",
}


def picture(size: tuple[int, int] = (900, 300), form: str = "PNG", mode: str = "RGBA") -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    Image.new(mode, size, "teal").save(out, form, exif=exif)
    return out.getvalue()


def occasion(look: Look, language: str = "en") -> Occasion:
    return Occasion("session_today", language, dt.date(2026, 3, 4), "Riverside", "Uferweg 1", "", "112", minutes=25, look=look)


def recipient(cast: Cast) -> Recipient:
    return Recipient(cast.hannah.pk, cast.hannah.pk, cast.hannah.pk, "hannah@example.org", "Hannah")


# --- logo and colour ------------------------------------------------------------------------


def test_a_logo_is_made_anew_small_and_without_anything_of_the_file() -> None:
    logo = logo_from(picture())
    assert (logo.width, logo.height) == (480, 160)
    assert logo.width <= WIDEST
    assert logo.height <= HIGHEST
    assert logo.content.startswith(b"\x89PNG")
    assert b"secret" not in logo.content
    assert logo_from(picture((40, 20), "JPEG", "RGB")).width == 40


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + bytes(40), b"GIF89a" + bytes(60), picture()[:200]])
def test_what_is_no_whole_png_or_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        logo_from(data)


def test_a_manager_gives_the_clinic_a_logo_and_a_colour_and_takes_them_back(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    bad = client.post(PAGE, {"step": "look", "accent": "ocean", "logo": SimpleUploadedFile("x.png", b"<svg>")})
    assert bad.status_code == 422
    assert "cannot be read as a picture" in bad.content.decode()
    assert client.post(PAGE, {"step": "look", "accent": "#ff0000"}).status_code == 422
    assert client.post(PAGE, {"step": "look", "accent": "ocean", "logo": SimpleUploadedFile("x.png", picture())}).status_code == 302
    clinic = Clinic.objects.get(pk=cast.riverside.pk)
    path = f"/logos/{clinic.logo_id}.png"
    assert logo_of(clinic.pk) is not None
    for who in (cast.therapist, cast.hannah.membership):
        shown = sign_in(Client(), who).get("/settings/").content.decode()
        assert 'data-accent="ocean"' in shown
    assert path in client.get("/patients/").content.decode()
    assert path not in sign_in(Client(), cast.harbour_manager).get("/patients/").content.decode()
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (200, "image/png", "nosniff")
    assert "immutable" in answer["Cache-Control"]
    assert "immutable" in client.get(path)["Cache-Control"], "signed in as well"
    assert client.post(PAGE, {"step": "look", "accent": "pine", "removes_logo": "on"}).status_code == 302
    assert Client().get(path).status_code == 404
    assert not ClinicLogo.objects.exists()
    assert AuditEvent.objects.filter(action="clinic.look", clinic_id=cast.riverside.pk).count() == 2


def test_only_managers_change_the_look_and_only_of_their_clinic(client: Client, cast: Cast) -> None:
    for by in (cast.therapist, cast.hannah.membership):
        with pytest.raises(NotAllowed):
            change_look(accent="plum", by=by, now=cast.now)  # type: ignore[arg-type]
    assert sign_in(client, cast.therapist).post(PAGE, {"step": "words", **WORDS}).status_code == 403
    change_look(accent="plum", by=cast.harbour_manager, now=cast.now)
    assert set(Clinic.objects.values_list("slug", "accent")) >= {("riverside", "pine"), ("harbour", "plum")}


# --- words ----------------------------------------------------------------------------------


def test_words_are_kept_by_language_and_stand_in_the_mails_of_that_language(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    assert client.post(PAGE, {"step": "words", "language": "en", **WORDS}).status_code == 302
    assert client.post(PAGE, {"step": "words", "language": "de", "reminder": "Der Bus hält an der Tür."}).status_code == 302
    assert dict(ClinicText.objects.values_list("language", "reminder")) == {
        "en": WORDS["reminder"],
        "de": "Der Bus hält an der Tür.",
    }
    mail.outbox.clear()
    for language, address in (("en", "new@p.example"), ("de", "neu@p.example")):
        invite_member(
            clinic=cast.riverside, email=address, role="therapist", name="N", by=cast.manager, now=timezone.now(), language=language
        )
    assert all("Bring a towel." not in str(one.body) for one in mail.outbox), "the words are for patients"


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("reminder", "see https://evil.example", "Please leave out web and e-mail addresses"),
        ("invitation", "write to a@b.example", "Please leave out web and e-mail addresses"),
        ("signature", "<b>team</b>", "Please leave out the signs"),
        ("closing", "x" * 61, "Please write at most 60 characters."),
        ("reminder", "x" * 241, "Please write at most 240 characters."),
    ],
)
def test_what_cannot_be_taken_is_said_beside_the_field_and_stays_typed(
    client: Client, cast: Cast, field: str, text: str, told: str
) -> None:
    answer = sign_in(client, cast.manager).post(PAGE, {"step": "words", "language": "en", **WORDS, field: text})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert answer.context["words"][field].value() == text
    assert not ClinicText.objects.exists()


def test_nothing_of_the_words_becomes_a_header_or_markup(cast: Cast) -> None:
    change_words(
        language="en",
        given=dict.fromkeys(WORDS, "Hi\r\nBcc: all@x\u202e & %(name)s %s".replace("@", " at ")),
        by=cast.manager,
        now=cast.now,
    )
    row = ClinicText.objects.get()
    look = Look("plum", None, row.reminder, row.closing, row.signature)
    whole = compose(occasion(look)).fill(recipient(cast), "Mon, 02 Mar 2026 07:00:00 +0000").as_bytes()
    parsed: Any = message_from_bytes(whole, policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "A reminder from Riverside"
    text, page = (part.get_content() for part in parsed.iter_parts())
    assert "Hi Bcc: all at x & %(name)s %s" in text
    assert "Hi Bcc: all at x &amp; %(name)s %s" in page
    assert PALETTE["plum"].light.primary in page


def test_a_reminder_carries_the_look_of_its_clinic(client: Client, cast: Cast) -> None:
    change_words(language="en", given=WORDS, by=cast.manager, now=cast.now)
    change_look(accent="indigo", by=cast.manager, now=cast.now, logo=logo_from(picture()))
    sign_in(client, cast.manager).post("/clinic/notices/test/", {"kind": "session_today", "back": "texts"})
    mail.outbox.clear()
    tick(now=timezone.now() + dt.timedelta(minutes=1))
    (sent,) = [one for one in mail.outbox if one.to == ["manager@riverside.example"]]
    page = str(sent.alternatives[0][0])  # type: ignore[attr-defined]
    assert WORDS["reminder"] in str(sent.body)
    assert "Kind regards\nthe team" in str(sent.body)
    assert f"/logos/{Clinic.objects.get(pk=cast.riverside.pk).logo_id}.png" in page
    assert PALETTE["indigo"].light.primary in page
    assert sent.subject == "A reminder from Riverside Physiotherapy"


# --- the look before ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["session_today", "weekly_summary", "invitation"])
def test_a_look_before_shows_what_is_typed_and_stores_nothing(client: Client, cast: Cast, kind: str) -> None:
    sign_in(client, cast.manager)
    page = client.post(PAGE, {"step": "preview", "language": "de", "kind": kind, **WORDS})
    assert page.status_code == 200
    own = WORDS["invitation"] if kind == "invitation" else WORDS["reminder"]
    assert own in page.context["sampled"].text
    assert not ClinicText.objects.exists()
    shown = client.get(page.context["html_url"])
    assert own.replace("&", "&amp;") in shown.content.decode()
    assert shown.content.decode() == page.context["sampled"].html
    rules = shown["Content-Security-Policy"]
    assert "sandbox" in rules
    assert "unsafe-inline" not in rules
    assert "default-src 'none'" in rules
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src" in page["Content-Security-Policy"], "the page that shows it in a frame"
    assert "frame-src" not in client.get("/caseload/", follow=True)["Content-Security-Policy"], "and no other"
    assert sign_in(Client(), cast.harbour_manager).get(page.context["html_url"]).status_code == 404, "the link is for one person"
    assert client.get(PAGE + "preview/", {"key": "made-up"}).status_code == 404


def test_the_policy_names_every_style_of_the_mail() -> None:
    assert policy_for('<p style="color:red">x</p><style>p{}</style>').count("sha256-") == 2
    assert policy_for('<p style="font-family:&quot;A&quot;">x</p>') == policy_for('<p style="font-family:&#34;A&#34;">x</p>')
