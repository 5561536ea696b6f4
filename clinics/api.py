"""Resources of people and clinics: who I am, my clinics, the staff, and the keys of programs."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import ChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle

from clinics.accounts import is_confirmed
from clinics.actions.tokens import LONGEST_DAYS, create_token, member_by_password, revoke_token
from clinics.errors import NotAllowed
from clinics.fields import Body, Key, Text, Whole
from clinics.models import ApiToken, Clinic, Membership, Role
from clinics.permissions import ACTIONS, PUBLIC
from clinics.rest import Filters, Row, ScopedViewSet, shown
from clinics.wire import Pages

DEFAULT_DAYS = 90


class ClinicRow(Row):
    """A clinic."""

    class Meta:
        model = Clinic
        shown: ClassVar = {
            "id": "Id of the clinic.",
            "name": "Name.",
            "time_zone": "IANA name of the clinic's time zone; its calendar days and appointment times are meant there.",
            "country": "ISO 3166 country, two letters.",
            "language": "Language of the clinic, en or de.",
            "phone": "Telephone number, may be empty.",
            "address": "Postal address, may be empty.",
            "pain_green_max": "Highest pain (0–10) of the green band; whole number, from the rule set in force.",
            "pain_amber_max": "Highest pain (0–10) of the amber band; above it is red.",
            "escalate_minutes": "Minutes after which a second person is told of a stop sign nobody acknowledged.",
            "group_places": "Patients who may be in the clinic at one time; null means no limit.",
            "open_weekdays": "ISO weekdays on which the clinic treats, 1 is Monday; empty means all.",
        }


class StaffRow(Row):
    """Somebody who works in the clinic."""

    class Meta:
        model = Membership
        shown: ClassVar = {
            "id": "Id of the membership; patients name it as their therapist.",
            "name": "Name, as the clinic knows the person.",
            "role": "manager or therapist.",
            "status": "invited, active or ended.",
            "created_at": "When the membership was made, UTC.",
            "ended_at": "When it ended, UTC; null while it has not.",
        }


class TokenRow(Row):
    """A key of a program, without the key."""

    class Meta:
        model = ApiToken
        shown: ClassVar = {
            "id": "Id of the token.",
            "name": "What its owner calls it.",
            "hint": "The last four characters of the key.",
            "created_at": "When it was made, UTC.",
            "expires_at": "When it stops working, UTC.",
            "revoked_at": "When it was ended early, UTC; null otherwise.",
        }


class NewTokenRow(TokenRow):
    """A new key: the only time it is shown."""

    key = serializers.CharField(read_only=True)

    class Meta(TokenRow.Meta):
        shown: ClassVar = {**TokenRow.Meta.shown, "key": "The key itself, for `Authorization: Bearer …`; shown this once and never again."}


class TokenBody(Body):
    """Who wants a token, and for what; a signed-in browser sends no address and password."""

    email = Text(max_length=254, required=False, help_text="Address of the account; not needed in a signed-in browser.")
    password = Text(
        max_length=1024,
        required=False,
        trim_whitespace=False,
        help_text="Password of the account; wrong ones count towards the same lock as on the log-in page.",
    )
    code = Text(
        max_length=64,
        required=False,
        default="",
        allow_blank=True,
        help_text="Code of the authenticator app or a recovery code, where a second factor is set up; each works once.",
    )
    clinic = Key(required=False, help_text="Id of the clinic the token is for; needed by whoever belongs to several.")
    name = Text(max_length=80, default="API", required=False, help_text="What you call it, at most 80 characters.")
    days = Whole(
        min_value=1,
        max_value=LONGEST_DAYS,
        default=DEFAULT_DAYS,
        required=False,
        help_text="Days until it stops working, 1–365; 90 by default.",
    )


class StaffFilters(Filters):
    """What the staff list may be narrowed by."""

    role = ChoiceFilter(choices=[(Role.MANAGER, Role.MANAGER.label), (Role.THERAPIST, Role.THERAPIST.label)], label="Role.")
    status = ChoiceFilter(choices=Membership.Status.choices, label="Status of the membership.")


class MeViewSet(ScopedViewSet):
    """The person behind the request."""

    permission_actions = {"retrieve": "member.view"}
    queryset = Membership.objects.none()
    row_kind = StaffRow

    @extend_schema(
        summary="Who I am, where, and what I may do",
        responses=inline_serializer(
            "Me",
            {
                "id": serializers.UUIDField(help_text="Id of the membership this request acts under."),
                "name": serializers.CharField(help_text="Name, as the clinic knows the person."),
                "email": serializers.EmailField(help_text="Address of the account."),
                "language": serializers.CharField(help_text="Language the person chose, en or de; empty means the browser's."),
                "role": serializers.ChoiceField(choices=Role.choices, help_text="manager, therapist or patient."),
                "clinic": ClinicRow(help_text="The clinic this request acts in."),
                "actions": serializers.ListField(
                    child=serializers.CharField(help_text="Name of an action."), help_text="Everything this role may do, by name."
                ),
            },
        ),
    )
    def retrieve(self, request: Request, pk: UUID | None = None) -> Response:
        """Show the person, the clinic and the role of this request."""
        member = self.member
        return Response(
            {
                "id": str(member.pk),
                "name": str(member),
                "email": member.user.email if member.user else "",
                "language": member.user.language if member.user else "",
                "role": member.role,
                "clinic": shown(ClinicRow, member.clinic),
                "actions": sorted(action for action, roles in ACTIONS.items() if member.role in roles),
            }
        )


@extend_schema_view(
    list=extend_schema(summary="My clinics", description="With a token the one it is bound to; in a browser every clinic of the person."),
    retrieve=extend_schema(summary="One of my clinics"),
)
class ClinicViewSet(ScopedViewSet):
    """The clinics of the person."""

    permission_actions = {"list": "clinic.view", "retrieve": "clinic.view"}
    queryset = Membership.objects.select_related("clinic")
    row_kind = ClinicRow

    def own(self) -> list[Clinic]:
        """Return the clinics this request may know."""
        member = self.member
        if isinstance(self.request.auth, ApiToken):
            return [member.clinic]
        return [row.clinic for row in getattr(self.request.user, "memberships_loaded", [member])]

    def list(self, request: Request) -> Response:
        """List them all on one page."""
        self.filter_queryset(self.queryset.none())
        return Pages().single(request, [shown(ClinicRow, clinic) for clinic in self.own()])

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Show one of them; another one answers like a missing one."""
        for clinic in self.own():
            if clinic.pk == pk:
                return Response(shown(ClinicRow, clinic))
        raise exceptions.NotFound


@extend_schema_view(
    list=extend_schema(summary="Staff of the clinic", description="Newest first."),
    retrieve=extend_schema(summary="One member of the staff"),
)
class MemberViewSet(ScopedViewSet):
    """The staff, for managers."""

    permission_actions = {"list": "staff.list", "retrieve": "staff.list"}
    queryset = Membership.objects.staff()
    row_kind = StaffRow
    filterset_class = StaffFilters


@extend_schema_view(
    list=extend_schema(summary="My tokens", description="Those of this membership, ended ones included, newest first."),
    retrieve=extend_schema(summary="One of my tokens"),
    destroy=extend_schema(summary="End a token", description="It stops working at once.", responses={204: None}),
)
class TokenViewSet(ScopedViewSet):
    """The keys of programs that act for this membership."""

    permission_actions = {"list": "token.manage", "retrieve": "token.manage", "create": PUBLIC, "destroy": "token.manage"}
    queryset = ApiToken.objects.all()
    row_kind = TokenRow
    throttle_scope = "tokens"
    more_errors: ClassVar = {"create": [429]}

    def get_queryset(self) -> Any:
        """Return the own tokens; colleagues' are nobody's business."""
        return super().get_queryset().filter(membership=self.member)

    def get_throttles(self) -> list[BaseThrottle]:
        """Limit how often one address may try for a token."""
        return [ScopedRateThrottle()] if self.action == "create" else []

    @extend_schema(
        summary="Get a token",
        description="With address and password (and the code of the second factor, where there is one), or from a browser in which the "
        "person confirmed the password within the last minutes. The key is shown this once. A token cannot make tokens.",
        request=TokenBody,
        responses={201: NewTokenRow},
        auth=[],
        examples=[
            OpenApiExample(
                "For a script",
                value={"email": "somebody@clinic.example", "password": "…", "name": "Night export", "days": 30},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Make a token."""
        data = self.body(TokenBody)
        if "email" in data or "password" in data:
            missing = {name: [_("This field is required.")] for name in ("email", "password") if name not in data}
            if missing:
                raise exceptions.ValidationError(missing)
            member = member_by_password(
                request._request, email=data["email"], password=data["password"], code=data["code"], clinic_id=data.get("clinic")
            )
        else:
            member = self.member_of_browser(request)
            if data.get("clinic") not in {None, member.clinic_id}:
                raise exceptions.ValidationError({"clinic": [_("This was not found.")]})
        token, key = create_token(by=member, name=data["name"], days=data["days"], now=timezone.now())
        return Response({**shown(TokenRow, token), "key": key}, status=201)

    @staticmethod
    def member_of_browser(request: Request) -> Membership:
        """Return the signed-in member; raises 401 for strangers and NotAllowed for a token."""
        member: Membership | None = getattr(request, "member", None)
        if member is None:
            raise exceptions.NotAuthenticated
        if isinstance(request.auth, ApiToken):
            raise NotAllowed(_("A token cannot make tokens. Please send address and password."))
        if not is_confirmed(request._request):
            raise NotAllowed(_("Please confirm first that it is you, or send address and password."))
        return member

    def destroy(self, request: Request, pk: UUID) -> Response:
        """End a token."""
        revoke_token(token=self.get_object(), by=self.member, now=timezone.now())
        return Response(status=204)
