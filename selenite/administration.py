"""The site of the administration. Signing in and out and changing the password is done in our own pages."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest

LIST = "changelist_view"
"""The view of each table that does an action on the rows that were chosen."""
FORMS = ("add_view", "change_view")
"""The views of each table that check a form and then save what it says, in one transaction."""


class Administration(AdminSite):
    site_header = site_title = "Selenite administration"
    index_title = "Administration"
    enable_nav_sidebar = False  # Five tables: the first page lists them, and each page leads back to it.

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuse who is signed in and no administrator: Django asks them to sign in once more. Strangers do not get here.

        Where somebody else saved the same between the check of a form and its saving, the form is checked once more: it finds
        what is there by then, and says so.
        """
        inner, name = super().admin_view(view, cacheable), getattr(view, "__name__", "")

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            if name == LIST and request.method == "POST":
                _check_selection(request, view.__self__.model)
            try:
                return inner(request, *args, **kwargs)
            except IntegrityError:
                if name not in FORMS:
                    raise
                return inner(request, *args, **kwargs)

        return guarded


def _check_selection(request: HttpRequest, model: type[Model]) -> None:
    """Refuse an action on what can be no row of a table: Django would ask the database, which fails. Raises BadRequest."""
    try:
        for value in request.POST.getlist(ACTION_CHECKBOX_NAME):
            model._meta.pk.clean(value, None)
    except ValidationError as err:
        raise BadRequest("An action on rows that cannot be.") from err
