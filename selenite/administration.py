"""The site of the administration. Signing in and out and changing the password is done in our own pages."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class Administration(AdminSite):
    site_header = site_title = "Selenite administration"
    index_title = "Administration"
    enable_nav_sidebar = False  # Five tables: the first page lists them, and each page leads back to it.

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuse who is signed in and no administrator: Django asks them to sign in once more. Strangers do not get here."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return inner(request, *args, **kwargs)

        return guarded
