"""The administration: Django's, in our colours, behind our own log-in, for administrators of the installation only."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

OURS = frozenset({"clinics", "programs", "patients", "reminders", "physio"})


class PhysioAdminSite(admin.AdminSite):
    """One site; a clinic's manager has no business here."""

    site_header = _("Administration")
    site_title = "Physio"
    index_title = _("Everything in this installation")
    site_url = "/"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Show only what we wrote a page for: pages that come with libraries would show keys and secrets."""
        if admin_class is not None and admin_class.__module__.partition(".")[0] in OURS:
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Let active superusers in."""
        user = request.user
        return bool(user.is_active and user.is_staff and user.is_superuser)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send strangers to the one log-in page, with its limits and its second factor."""
        page: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return page

    def password_change(  # type: ignore[override]  # a redirect instead of a page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Use the one page that counts wrong passwords."""
        return redirect("account_change_password")
