"""The installation's settings for administrators, until they have pages of their own."""

from django.contrib import admin
from django.http import HttpRequest

from preferences.models import Settings


@admin.register(Settings)
class SettingsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row: it can be changed, neither added nor deleted."""

    list_display = ["__str__", "upload_limit_megabytes", "concurrency", "identify_speakers"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Settings | None = None) -> bool:
        return False
