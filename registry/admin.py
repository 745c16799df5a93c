"""Engines, weights and the long work on them for administrators. Who may change rows may install and remove weights."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import date
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from registry import admin_answers, automatic, decisions, scan, works
from registry.admin_forms import ProviderForm, SpeechModelForm
from registry.admin_lists import (
    Guarded,
    Providers,
    Takers,
    Users,
    Weights,
    gone,
    named,
    taken_by_what_is_called,
    users_of,
)
from registry.diarizers import takers
from registry.models import Provider, SpeechModel, Work
from registry.standing import standings, word_of
from registry.viability import LIBRARIES
from speech.weights import DIARIZATION

MADE_DEFAULT = "Made the default."


@admin.register(Provider)
class ProviderAdmin(Guarded):
    """Engines and diarizers. What is part of Selenite is made by the program; others may be added by their module."""

    form = ProviderForm
    change_list_template = "admin/registry/provider/change_list.html"
    list_display = ["called", "kind", "used_by", "installed", "position"]
    list_display_links = ["called"]
    list_filter = ["kind", Users]
    search_fields = ["key", "name", "notes"]
    actions = ["rescan", "enable", "disable", "make_default"]

    def get_readonly_fields(self, request: HttpRequest, obj: Provider | None = None) -> list[str]:
        return ["key", "kind"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Provider | None = None) -> bool:
        """Let one that is not part of Selenite be deleted, on its page. What is part of it would come back."""
        is_own = obj is not None and obj.key not in LIBRARIES
        return is_own and admin.ModelAdmin.has_delete_permission(self, request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        return super().get_queryset(request).prefetch_related("speech_models")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Providers

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        scan.refresh()
        return super().changelist_view(request, extra_context)

    @admin.display(description="name", ordering="name")
    def called(self, provider: Provider) -> SafeString:
        name, consequence = named(provider.name, provider), provider.consequence  # type: ignore[attr-defined]
        return format_html('{} <span class="of">{}</span>', name, consequence) if consequence else name

    @admin.display(description="who may use it", ordering="for_people")
    def used_by(self, provider: Provider) -> SafeString:
        return users_of(provider)

    @admin.display(description="weights installed")
    def installed(self, provider: Provider) -> SafeString:
        return SafeString(render_to_string("admin/registry/_installed.html", {"provider": provider}))

    @admin.action(description="Rescan their weights", permissions=["change"])
    def rescan(self, request: HttpRequest, rows: QuerySet[Provider]) -> None:
        admin_answers.rescan(request, SpeechModel.objects.filter(provider__in=rows))

    @admin.action(description="Make default for telling speakers apart", permissions=["change"])
    def make_default(self, request: HttpRequest, rows: QuerySet[Provider]) -> None:
        chosen = admin_answers.decide_one(request, rows, decisions.make_default_diarizer)
        self.note(request, chosen, MADE_DEFAULT)


@admin.register(SpeechModel)
class SpeechModelAdmin(Guarded):
    form = SpeechModelForm
    change_list_template = "admin/registry/speechmodel/change_list.html"
    change_form_template = "admin/registry/speechmodel/change_form.html"
    list_display = ["of_provider", "standing", "size", "memory", "measured_speed", "verified", "used_by"]
    list_display_links = ["of_provider"]
    list_filter = [Takers, "status", Users]
    list_select_related = ["provider"]
    list_per_page = 50
    search_fields = ["key", "name", "store", "provider__name"]
    actions = ["rescan", "verify", "install", "measure", "remove", "enable", "disable", "make_default"]
    facts = ["size", "memory", "measured_speed", "verified", "sha256", "source_list"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Weights

    def get_readonly_fields(self, request: HttpRequest, obj: SpeechModel | None = None) -> list[str]:
        return ["provider", "key", *self.facts] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: SpeechModel | None = None) -> list[Any]:
        if obj is None:
            return [(None, {"fields": ["provider", "key", "name", "install_path", "licence", "languages"]})]
        is_shared = obj.store == DIARIZATION  # Who may use them, and for what, is said of what takes them.
        return [
            ("Use", {"fields": ["name", "enabled", "disabled_reason", *([] if is_shared else ["for_people"])]}),
            (
                "What it can do",
                {"fields": [*([] if is_shared else ["languages", "translates"]), "memory_bytes", "licence"]},
            ),
            ("Where it lies", {"fields": ["provider", "key", "install_path"]}),
            ("Facts", {"fields": self.facts}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form without the icons by which Django would change a provider from here."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        for field in form.base_fields.values():
            if isinstance(field.widget, RelatedFieldWidgetWrapper):
                field.widget = field.widget.widget
        return form

    def get_urls(self) -> list[URLPattern]:
        name, wrap = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("rescan/", wrap(self.rescan_view), name=f"{name}_rescan"),
            path("<int:pk>/standing/", wrap(self.standing_view), name=f"{name}_standing"),
            path("<int:pk>/ask/<slug:kind>/", wrap(self.ask_view), name=f"{name}_ask"),
            path("<int:pk>/remove/", wrap(self.remove_view), name=f"{name}_remove"),
        ]
        return [*own, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: SpeechModel, form: Any, change: bool) -> None:
        """Save a row, and have weights that lie elsewhere from now on read in full."""
        super().save_model(request, obj, form, change)
        if not change or "install_path" in form.changed_data:
            admin_answers.rescan(request, [obj])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        model = self.get_object(request, object_id)
        if model:
            scan.refresh(model)
        shown: dict[str, Any] = {}
        if model:
            shown = {"standing": standings([model])[0], "consequence": automatic.consequence_for(model)}
            shown["may_change"] = self.has_change_permission(request)
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        scan.refresh()
        may_change = self.has_change_permission(request)
        return super().changelist_view(request, {"may_change": may_change, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SpeechModel], search_term: str
    ) -> tuple[QuerySet[SpeechModel], bool]:
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        return found | queryset.filter(taken_by_what_is_called(search_term)), has_duplicates

    # Columns

    @admin.display(description="model", ordering="name")
    def of_provider(self, model: SpeechModel) -> SafeString:
        taken_by = takers(model.key) if model.store == DIARIZATION else [model.provider.name]
        return format_html('{} <span class="of">{}</span>', named(model.name, model), ", ".join(taken_by))

    @admin.display(description="status", ordering="status")
    def standing(self, model: SpeechModel) -> SafeString:
        return SafeString(model.shown)  # type: ignore[attr-defined]

    @admin.display(description="size", ordering="size_bytes")
    def size(self, model: SpeechModel) -> str:
        return admin_answers.size_in_words(model.size_bytes)

    @admin.display(description="memory", ordering="memory_bytes")
    def memory(self, model: SpeechModel) -> str:
        about = "" if model.memory_is_measured or not model.memory_bytes else "≈ "
        return about + admin_answers.size_in_words(model.memory_bytes)

    @admin.display(description="speed", ordering="speed")
    def measured_speed(self, model: SpeechModel) -> str:
        return f"{model.speed:.3g} ×" if model.speed else "–"

    @admin.display(description="verified", ordering="verified_at")
    def verified(self, model: SpeechModel) -> SafeString:
        return SafeString(render_to_string("admin/registry/_verified.html", {"model": model}))

    @admin.display(description="who may use it", ordering="for_people")
    def used_by(self, model: SpeechModel) -> SafeString:
        return users_of(model)

    @admin.display(description="sources")
    def source_list(self, model: SpeechModel) -> SafeString:
        return SafeString(render_to_string("admin/registry/_sources.html", {"sources": model.sources}))

    # Actions on several

    @admin.action(description="Rescan", permissions=["change"])
    def rescan(self, request: HttpRequest, rows: QuerySet[SpeechModel]) -> None:
        admin_answers.rescan(request, rows)

    @admin.action(description="Verify", permissions=["change"])
    def verify(self, request: HttpRequest, rows: QuerySet[SpeechModel]) -> None:
        admin_answers.ask_each(request, rows, Work.Kind.VERIFY)

    @admin.action(description="Install", permissions=["change"])
    def install(self, request: HttpRequest, rows: QuerySet[SpeechModel]) -> None:
        admin_answers.ask_each(request, rows, Work.Kind.INSTALL)

    @admin.action(description="Measure", permissions=["change"])
    def measure(self, request: HttpRequest, rows: QuerySet[SpeechModel]) -> None:
        admin_answers.ask_each(request, rows, Work.Kind.MEASURE)

    @admin.action(description="Remove…", permissions=["change"])
    def remove(self, request: HttpRequest, rows: QuerySet[SpeechModel]) -> HttpResponse | None:
        if "confirmed" in request.POST:
            for model in rows:
                self._remove(request, model)
            return None
        return self._ask_removal(request, rows, action="remove")

    @admin.action(description="Make default", permissions=["change"])
    def make_default(self, request: HttpRequest, rows: QuerySet[SpeechModel]) -> None:
        chosen = admin_answers.decide_one(request, rows.select_related("provider"), decisions.make_default)
        self.note(request, chosen, MADE_DEFAULT)

    # Addresses of one

    def rescan_view(self, request: HttpRequest) -> HttpResponse:
        """Look for weights that were brought by hand, everywhere."""
        if refusal := self._refusal(request):
            return refusal
        admin_answers.rescan(request, None)
        return self.back(request)

    def standing_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell how one row stands now, for the page that shows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        model = SpeechModel.objects.filter(pk=pk).first()
        return self._fragment(request, model) if model else gone(request)

    def ask_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """Queue work on one row, or cancel it. A second click finds it under way."""
        if refusal := self._refusal(request):
            return refusal
        model = get_object_or_404(SpeechModel, pk=pk)
        note = admin_answers.cancel(model) if kind == "cancel" else admin_answers.ask_one(request, model, kind)
        if _wants_fragment(request, pk):
            return self._fragment(request, model, note=note)
        if note:
            messages.info(request, note)
        return self.back(request)

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether weights are to be removed, and remove them."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        model = get_object_or_404(SpeechModel.objects.select_related("provider"), pk=pk)
        if request.method != "POST":
            return self._ask_removal(request, [model], action="")
        self._remove(request, model)
        return redirect("admin:registry_speechmodel_changelist")

    def _remove(self, request: HttpRequest, model: SpeechModel) -> None:
        pk = model.pk
        if admin_answers.tell(request, partial(decisions.remove, model)):
            model.pk = pk  # Of weights that nobody publishes the row goes too; what was done to it stays.
            self.note(request, [model], "Removed.")

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return None if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    def _ask_removal(self, request: HttpRequest, rows: Iterable[SpeechModel], *, action: str) -> TemplateResponse:
        rows = list(rows)
        return self.ask_first(
            request,
            rows,
            title="Remove weights",
            sentence="Their files are deleted, and what was downloaded of them. Work on them is cancelled. "
            "Files outside of the weights folder stay where they are. A job that has loaded them goes on; one that loads them "
            "later gets another model, where one is left, and says so.",
            warning=decisions.consequence_of_removal(rows),
            action=action,
            button="Remove",
            is_danger=True,
        )

    def _fragment(self, request: HttpRequest, model: SpeechModel, *, note: str = "") -> HttpResponse:
        scan.refresh(model)
        standing = standings([model])[0]
        context = {
            "standing": standing,
            "consequence": "" if standing.is_under_way else automatic.consequence_for(model),
            "may_change": self.has_change_permission(request),
            "note": note,
            "model": model,
            "is_fragment": True,
            "size": self.size(model),
        }
        answer = TemplateResponse(request, "admin/registry/_standing.html", context)
        is_as_before = bool(note) or standing.is_under_way  # A list that is renewed would take the note away.
        return answer if is_as_before else trigger_client_event(answer, "weights-changed")


@admin.register(Work)
class WorkAdmin(Guarded):
    """What was done and is being done, to look at and to cancel."""

    change_list_template = "admin/registry/work/change_list.html"
    list_display = ["what", "progress", "message", "asked_by", "asked"]
    list_filter = ["state", "kind"]
    list_select_related = ["model", "asked_by"]
    search_fields = ["model__key", "model__store", "message"]
    actions = ["cancel"]
    fields = ("kind", "model", "progress", "message", "asked_by", "created_at", "started_at", "finished_at")
    readonly_fields = ("kind", "model", "progress", "message", "asked_by", "created_at", "started_at", "finished_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one, without buttons to save what cannot be changed."""
        saving = {"show_save": False, "show_save_and_continue": False}
        return super().change_view(request, object_id, form_url, {**saving, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = vary_on_headers("HX-Request")(self.progress_view)
        own = path("<int:pk>/progress/", self.admin_site.admin_view(view), name="registry_work_progress")
        return [own, *super().get_urls()]

    @admin.display(description="work", ordering="kind")
    def what(self, work: Work) -> str:
        return str(work)

    @admin.display(description="asked at", ordering="created_at")
    def asked(self, work: Work) -> str:
        return date(timezone.localtime(work.created_at), "j M, H:i")

    @admin.display(description="state", ordering="state")
    def progress(self, work: Work) -> SafeString:
        return SafeString(render_to_string("admin/registry/_work.html", {"work": work, "word": word_of(work)}))

    @admin.action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Work]) -> None:
        count = sum(works.cancel(work.pk) for work in rows)
        messages.success(request, f"{count} cancelled. What was downloaded is kept." if count else "They were over.")

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell how far one piece of work is, for the page that shows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        work = Work.objects.filter(pk=pk).select_related("model").first()
        if work is None:
            return gone(request)
        return TemplateResponse(request, "admin/registry/_work.html", {"work": work, "word": word_of(work)})


def _wants_fragment(request: HttpRequest, pk: int) -> bool:
    return request.headers.get("HX-Target") == f"standing-{pk}"
