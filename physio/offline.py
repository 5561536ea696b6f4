"""What makes the product installable and useful without a connection: manifest, service worker, and the page shown then.

None of it knows who asks: the phone keeps copies of these and of static files only, never of a page with somebody's data.
"""

import re
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation

from clinics.emergency import FALLBACK
from clinics.models import Language
from clinics.permissions import PUBLIC
from clinics.web import page
from patients.forms.me import CheckInForm
from patients.rules.symptoms import SIGNS, Level
from patients.wording import GROUPED_SIGN_TEXT, SIGN_TEXT

STATIC_FILE = re.compile(r'(?:href|src)="(/static/[^"#]+)')
ICON_SIZES = (192, 512)


@page(PUBLIC)
def manifest(request: HttpRequest) -> JsonResponse:
    """Tell the browser how the product looks as an application of its own."""
    icons = [{"src": static(f"icons/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"} for size in ICON_SIZES]
    body = {
        "id": "/",
        "name": settings.PRODUCT_NAME,
        "short_name": settings.PRODUCT_NAME,
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#F6F2EB",
        "theme_color": "#F6F2EB",
        "icons": [*icons, {**icons[-1], "src": static("icons/app-maskable-512.png"), "purpose": "maskable"}],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@page(PUBLIC)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Serve the worker that keeps entries made without a connection; its scope is the whole product."""
    response = HttpResponse(worker_text(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@page(PUBLIC)
def offline(request: HttpRequest, language: str) -> HttpResponse:
    """Show what waits on this phone, and take a check-in; the same words for everybody."""
    if language not in Language.values:
        raise Http404
    return HttpResponse(page_text(language))


def page_text(language: str) -> str:
    """Return the page for times without a connection in a language, made without any request."""
    with translation.override(language):
        context = {
            "ui": {"language": language},
            "form": CheckInForm(),
            "number": FALLBACK,
            "signs": GROUPED_SIGN_TEXT.values(),
            "emergency_signs": [SIGN_TEXT[sign.key] for sign in SIGNS if sign.level == Level.EMERGENCY],
        }
        return render_to_string("offline.html", context)


def worker_text() -> str:
    """Return the worker with its list of files and a version that changes whenever one of them does."""
    return _worker_text() if not settings.DEBUG else _worker_text.__wrapped__()


@lru_cache(maxsize=1)
def _worker_text() -> str:
    pages = [(reverse("offline", args=[language]), page_text(language)) for language in Language.values]
    files = sorted({found for _url, text in pages for found in STATIC_FILE.findall(text)})
    addresses = [url for url, _text in pages] + files
    text = render_to_string("sw.js", {"addresses": addresses, "icon": static(f"icons/app-{ICON_SIZES[0]}.png")})
    version = blake2b("".join([text, *(text for _url, text in pages)]).encode(), digest_size=8).hexdigest()
    return text.replace("VERSION", version, 1)
