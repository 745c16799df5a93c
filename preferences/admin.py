"""The settings in the administration: the same fields with the same checks as on their pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest

from preferences.fields import bounds
from preferences.forms import (
    AppearanceForm,
    KeepingForm,
    MyExportsForm,
    MyTranscriptionForm,
    PlayingForm,
    QueueForm,
    SettingsForm,
    SiteForm,
    SpeakersForm,
    SpeechForm,
    UserDefaultsForm,
)
from preferences.models import Settings, UserDefaults


@admin.register(Settings)
class SettingsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row: it can be changed, neither added nor deleted."""

    form = SettingsForm
    list_display = ["__str__", "site_name", "upload_limit_megabytes", "concurrency", "identify_speakers"]
    fieldsets = [
        (None, {"fields": SiteForm.Meta.fields}),
        ("Transcription", {"fields": SpeechForm.Meta.fields}),
        ("Speakers", {"fields": SpeakersForm.Meta.fields}),
        ("Queue", {"fields": QueueForm.Meta.fields}),
        ("Uploads and keeping", {"fields": KeepingForm.Meta.fields}),
    ]

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        return super().formfield_for_dbfield(db_field, request, **kwargs, **bounds(db_field))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Settings]:
        Settings.load()
        return super().get_queryset(request)

    def save_model(self, request: HttpRequest, obj: Settings, form: SettingsForm, change: bool) -> None:
        """Write what the form has, and nothing that was set by the program since it was opened."""
        obj.save(update_fields=form.columns)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Settings | None = None) -> bool:
        return False


@admin.register(UserDefaults)
class UserDefaultsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = UserDefaultsForm
    list_display = ["user", "model", "language", "time_zone"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    fieldsets = [
        (None, {"fields": ("user",)}),
        ("Transcription", {"fields": MyTranscriptionForm.Meta.fields}),
        ("Playing", {"fields": PlayingForm.Meta.fields}),
        ("Exports", {"fields": MyExportsForm.Meta.fields}),
        ("Appearance", {"fields": AppearanceForm.Meta.fields}),
    ]
