"""Recordings and jobs for administrators, to look at: changes go through the pages, which mind files and workers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from transcripts.models import Job, Recording, Rule
from transcripts.rule_forms import AnyRuleForm


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows every field and changes none: states change by conditional updates only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Recording)
class RecordingAdmin(ReadOnly):
    list_display = ["title", "owner", "duration", "size_bytes", "created_at"]
    list_filter = ["owner"]
    search_fields = ["title", "original_filename", "sha256"]
    list_select_related = ["owner"]


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ["recording", "owner", "state", "stage_now", "model", "language", "created_at"]
    list_filter = ["state", "owner", "model", "language"]
    search_fields = ["id", "recording__title"]
    list_select_related = ["recording", "owner"]

    @admin.display(description="stage", ordering="stage")
    def stage_now(self, job: Job) -> str:
        """Return what a job is at; of one that is over, nothing: it keeps the stage that was its last."""
        return "–" if job.is_over else job.get_stage_display()


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Replacement rules of everybody; those of the installation have no owner."""

    form = AnyRuleForm
    list_display = ["find", "replacement", "owner", "whole_words", "match_case", "created_at"]
    list_filter = ["owner"]
    list_select_related = ["owner"]
    search_fields = ["find", "replacement"]
