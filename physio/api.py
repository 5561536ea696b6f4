"""The API under /api/v1/: its addresses, its description, and the page that shows it."""

from functools import cache
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer, OpenApiYamlRenderer2
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from clinics.api import ClinicViewSet, MemberViewSet, MeViewSet, TokenViewSet
from clinics.permissions import SIGNED_IN
from clinics.web import page
from clinics.wire import error_body
from patients.api.care import CoverViewSet, HandoverViewSet
from patients.api.diary import CheckInViewSet, ReportViewSet
from patients.api.following import AlertViewSet, AssessmentViewSet
from patients.api.group import GroupEntryViewSet, GroupSessionViewSet
from patients.api.letters import LetterViewSet
from patients.api.messages import MessageViewSet
from patients.api.people import CaseloadViewSet, PatientViewSet
from patients.api.plans import AssignmentViewSet, PauseViewSet, PlanChangeViewSet
from patients.api.rules import RuleSetViewSet
from patients.api.runs import RunViewSet, ShoeViewSet
from patients.api.sessions import SessionLogViewSet
from programs.api import ExerciseViewSet, ProgramViewSet, VersionViewSet
from reminders.api import DeliveryViewSet

RESOURCES: dict[str, Any] = {
    "clinics": ClinicViewSet,
    "members": MemberViewSet,
    "tokens": TokenViewSet,
    "exercises": ExerciseViewSet,
    "programs": ProgramViewSet,
    "program-versions": VersionViewSet,
    "patients": PatientViewSet,
    "caseload": CaseloadViewSet,
    "covers": CoverViewSet,
    "handovers": HandoverViewSet,
    "assignments": AssignmentViewSet,
    "pauses": PauseViewSet,
    "plan-changes": PlanChangeViewSet,
    "sessions": GroupSessionViewSet,
    "group-entries": GroupEntryViewSet,
    "session-logs": SessionLogViewSet,
    "runs": RunViewSet,
    "shoes": ShoeViewSet,
    "check-ins": CheckInViewSet,
    "symptom-reports": ReportViewSet,
    "assessments": AssessmentViewSet,
    "alerts": AlertViewSet,
    "letters": LetterViewSet,
    "rule-sets": RuleSetViewSet,
    "messages": MessageViewSet,
    "deliveries": DeliveryViewSet,
}


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes the key of a program."""

    target_class = "clinics.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A key from `POST /api/v1/tokens/`: `Authorization: Bearer phy_…`."}


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes the signed-in browser."""

    target_class = "clinics.tokens.MemberSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme."""
        text = "The signed-in browser under the chosen clinic; unsafe methods need the header `X-CSRFToken`."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": text}


def close_bodies(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Say in the description that bodies take no other names than the listed ones."""
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
    return result


RENDERERS: dict[str, type[BaseRenderer]] = {
    kind.media_type: kind for kind in (OpenApiYamlRenderer, OpenApiYamlRenderer2, OpenApiJsonRenderer, OpenApiJsonRenderer2)
}


@cache
def read_schema() -> dict[str, Any]:
    """Return the description in English, worked out once by each process."""
    with translation.override("en"):
        return cast("dict[str, Any]", SchemaGenerator().get_schema(request=None, public=True))


@cache
def write_schema(kind: str) -> bytes:
    """Return the description as the renderer of that media type writes it."""
    renderer: Any = RENDERERS[kind]()
    return cast(bytes, renderer.render(read_schema(), renderer_context={}))


class SchemaView(APIView):
    """The description of this API (OpenAPI 3), as YAML or JSON."""

    permission_action = SIGNED_IN
    renderer_classes = list(RENDERERS.values())
    metadata_class = None

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the description."""
        renderer = request.accepted_renderer
        return HttpResponse(write_schema(renderer.media_type), content_type=f"{renderer.media_type}; charset=utf-8")


@csrf_exempt
def nothing_here(request: HttpRequest, *_parts: str) -> HttpResponse:
    """Answer every other address, whatever the method, with a refusal in the one shape."""
    return JsonResponse(error_body("not_found", str(exceptions.NotFound.default_detail)), status=404)


@page(SIGNED_IN)
def docs(request: HttpRequest) -> HttpResponse:
    """Show the description for reading and trying out."""
    return render(request, "api_docs.html")


router = SimpleRouter(use_regex_path=False)
for prefix, viewset in RESOURCES.items():
    router.register(prefix, viewset, basename=prefix)

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", MeViewSet.as_view({"get": "retrieve"}), name="me"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    path("", include(router.urls)),
    # Without the last slash the address is left to the redirect that adds it.
    re_path(r"^(.*/)?$", nothing_here),
]
