"""Texts and look of the clinic's mails: logo, colour and own words, with a look at each mail before it is saved."""

import hashlib
import html
import re
from base64 import b64encode
from dataclasses import asdict, dataclass
from typing import Any

from csp.constants import SELF
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics.actions.look import LENGTHS, change_look, change_words
from clinics.branding import NO_WORDS, Words, words_of
from clinics.errors import DomainError
from clinics.forms.look import LookForm, WordsForm
from clinics.models import Clinic, Language
from clinics.rules.palette import PALETTE
from clinics.web import MemberRequest, add_errors, page, status_of
from reminders.actions.samples import INVITATION, Sampled, sample_of
from reminders.forms import SampleForm
from reminders.models import Kind

SALT = "look"
SHOWN_FOR_SECONDS = 3600
STYLE = re.compile(r'style="([^"]*)"|<style>(.*?)</style>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which mail is looked at: a kind of reminder or the invitation, in a language, with these words."""

    kind: str
    language: str
    words: Words


def kinds() -> list[tuple[str, str]]:
    """Return the mails that can be looked at, with their names."""
    choices: Any = SampleForm().fields["kind"]
    return [*((str(key), str(label)) for key, label in choices.choices), (INVITATION, _("Invitation"))]


@page("clinic.look", methods=("GET", "POST"))
def texts(request: MemberRequest) -> HttpResponse:
    """Show and change look and words; a look at a mail stores nothing."""
    member = request.member
    clinic = Clinic.objects.select_related("logo").get(pk=member.clinic_id)
    asked = request.POST.get("language") or request.GET.get("language") or clinic.language
    language = asked if asked in Language.values else Language.ENGLISH.value
    step = request.POST.get("step", "") if request.method == "POST" else ""
    stored = words_of([clinic.pk]).get((clinic.pk, language), NO_WORDS)
    look = LookForm(*((request.POST, request.FILES) if step == "look" else ()), clinic=clinic)
    words = WordsForm(request.POST if step in {"words", "preview"} else None, initial=asdict(stored))
    status, seen = 200, stored
    if step == "look" and look.is_valid():
        given = look.cleaned_data
        change_look(
            accent=given["accent"], logo=given["logo"], removes_logo=given.get("removes_logo", False), by=member, now=timezone.now()
        )
        messages.success(request, _("Saved."))
        return redirect(f"{reverse('reminders:texts')}?language={language}")
    if step in {"words", "preview"}:
        status = 422
        if words.is_valid():
            seen = Words(**{name: words.cleaned_data[name] for name in LENGTHS})
            if step == "preview":
                status = 200
            else:
                try:
                    change_words(language=language, given=asdict(seen), by=member, now=timezone.now())
                except DomainError as error:
                    add_errors(words, error)
                    status = status_of(words, error)
                else:
                    messages.success(request, _("Saved."))
                    return redirect(f"{reverse('reminders:texts')}?language={language}")
    elif step:
        status = 422
    context = {
        "clinic": clinic,
        "look": look,
        "words": words,
        "language": language,
        "languages": Language.choices,
        "colours": [(name, colour.light.primary) for name, colour in PALETTE.items()],
        "kinds": kinds(),
        **preview(request, clinic, language, seen if words.is_valid() or not words.is_bound else stored),
    }
    response = render(request, "reminders/texts.html", context, status=status)
    response._csp_update = {"frame-src": [SELF]}  # type: ignore[attr-defined] # what csp.decorators.csp_update sets
    return response


def preview(request: MemberRequest, clinic: Clinic, language: str, words: Words) -> dict[str, Any]:
    """Return what the page shows of one mail: subject, sender, plain text, and where its HTML is."""
    kind = request.POST.get("kind") or request.GET.get("kind") or Kind.SESSION_TODAY.value
    if kind not in dict(kinds()):
        kind = Kind.SESSION_TODAY.value
    sampled = sample_of(kind=kind, language=language, clinic=clinic, words=words, first_name=first_name(request))
    key = signing.dumps([kind, language, *asdict(words).values()], salt=f"{SALT}-{request.member.pk}", compress=True)
    return {"kind": kind, "sampled": sampled, "html_url": f"{reverse('reminders:texts_preview')}?key={key}"}


def first_name(request: MemberRequest) -> str:
    """Return whom the shown mail greets: whoever looks."""
    return request.user.first_name or str(request.member).split()[0]


@page("clinic.look")
def texts_preview(request: MemberRequest) -> HttpResponse:
    """Show the HTML of one mail exactly as it is sent, under a policy that lets nothing else happen."""
    try:
        kind, language, *texts = signing.loads(request.GET.get("key", ""), salt=f"{SALT}-{request.member.pk}", max_age=SHOWN_FOR_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    clinic = Clinic.objects.get(pk=request.member.clinic_id)
    sampled: Sampled = sample_of(kind=kind, language=language, clinic=clinic, words=Words(*texts), first_name=first_name(request))
    response = HttpResponse(sampled.html)
    response["Content-Security-Policy"] = policy_for(sampled.html)
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def policy_for(page: str) -> str:
    """Return the policy of a mail's page: its own styles by their digests, the clinic's logo, and nothing else; links lead nowhere."""
    found = {html.unescape(inline) if inline else block for inline, block in STYLE.findall(page)}
    digests = " ".join(sorted(f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" for style in found))
    return (
        f"default-src 'none'; style-src 'unsafe-hashes' {digests}; img-src {settings.BASE_URL} 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
    )
