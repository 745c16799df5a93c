"""The accounts, for administrators: what each right means here, and what keeps an account from being deleted."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Count, Field, QuerySet
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

MEANINGS = {
    "is_active": (
        "Who is not active cannot sign in, and is signed out at once. Everything of theirs stays, and their jobs go on. "
        "This is how a colleague leaves whose recordings are still needed."
    ),
    "is_staff": (
        "An administrator: sees, corrects and deletes everybody's recordings, changes the settings of the installation, moves "
        "jobs in the queue, reads the log, and may restart or stop Selenite. In the administration they change only what the "
        "permissions below allow."
    ),
    "is_superuser": (
        "Has every permission of the administration, without any being chosen below: adds people and gives them rights, installs "
        "and removes models. It works only together with staff status."
    ),
}
"""What Django says of these boxes is true of its own administration alone."""
STAYS = (
    '{} still has {}: <a href="{}">delete them first</a>, or <a href="{}">untick Active</a>: then nobody can sign in by '
    "this name any more, and everything stays."
)


class PeopleAdmin(UserAdmin):  # type: ignore[type-arg]
    """Django's, for people who have recordings. These are deleted in our own pages only, which mind files and workers."""

    actions = ["delete_selected"]

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        if db_field.name in MEANINGS:
            kwargs["help_text"] = MEANINGS[db_field.name]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Return what goes with some people, or where they have recordings, that these keep them."""
        if kept := _kept(objs):
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    @admin.action(permissions=["delete"], description="Delete selected users")
    def delete_selected(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        """Ask whether to delete them; where some of them have recordings, say so and delete nobody."""
        kept = _kept(rows)
        for sentence in kept:
            messages.error(request, sentence)
        if kept:
            messages.info(request, "Nobody was deleted.")
            return None
        return delete_selected(self, request, rows)


def _kept(people: Any) -> list[SafeString]:
    """Return for each of some people who have recordings how many, and what to do about it."""
    rows = User.objects.filter(pk__in=[person.pk for person in people]).annotate(count=Count("recordings"))
    return [
        _sentence(person.pk, person.get_username(), person.count)
        for person in rows.exclude(count=0).order_by("username")
    ]


def _sentence(pk: int, name: str, count: int) -> SafeString:
    recordings = "1 recording" if count == 1 else f"{count} recordings"
    theirs = f"{reverse('transcripts:list')}?{urlencode({'owner': name})}"
    return format_html(STAYS, name, recordings, theirs, reverse("admin:auth_user_change", args=[pk]))
