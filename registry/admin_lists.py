"""What the tables of the registry share in the administration: actions that ask first, and a list that shows what is done."""

import logging
from collections.abc import Iterable
from typing import Any, Literal

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django_htmx.http import HTMX_STOP_POLLING

from registry import automatic, decisions, viability
from registry import known as tables
from registry.admin_forms import ReasonForm
from registry.diarizers import BETTER_WEIGHTS, OPEN_WEIGHTS, takers
from registry.models import Provider, SpeechModel
from registry.standing import Standing, standings
from speech.weights import DIARIZATION

log = logging.getLogger(__name__)

THERE = (SpeechModel.Status.INSTALLED, SpeechModel.Status.VERIFIED)
DEFAULT, STANDS_IN = "Default", "Used instead"
EVERYBODY, ADMINISTRATORS, NOBODY = "Everybody", "Administrators only", "Nobody"


class Weights(ChangeList):
    """The list of weights, each with how it stands and whether jobs get it where nobody chooses: six queries at most."""

    def get_ordering_field_columns(self) -> "dict[int, Literal['desc', 'asc']]":
        """Return the columns that have an arrow: those that somebody chose. To begin with the list is sorted by what is no column."""
        return super().get_ordering_field_columns() if self.params.get(ORDER_VAR) else {}

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        may_change = self.model_admin.has_change_permission(request)
        known, rows = tables.load(), list(self.result_list)
        found = automatic.find(known)
        for row, standing in zip(rows, standings(rows), strict=True):
            row.is_default = (row.store, row.key) == known.default
            row.stands_in = (row.store, row.key) == found.taken and not row.is_default
            consequence = found.consequence if row.is_default and not standing.is_under_way else ""
            row.shown = _Shown(standing, may_change=may_change, consequence=consequence)
        self.result_list = rows


class Providers(ChangeList):
    """The list of engines and diarizers, each with what is installed for it and whether jobs get it where nobody chooses.

    `hindrance` is that its library is not installed, which no other column tells.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        known, rows = tables.load(), list(self.result_list)
        found, speakers, engine = automatic.find(known), automatic.find_diarizer(known), known.default_engine
        taken = found.taken[0] if found.taken else ""
        defaults = (engine, known.settings.default_diarizer)
        there = {row.key for row in SpeechModel.objects.filter(store=DIARIZATION, status__in=THERE)}
        for row in rows:
            row.is_default, row.stands_in = row.key in defaults, row.key == taken != engine
            of_engine = found.consequence if row.key == engine != taken else ""
            row.consequence = speakers.consequence if row.key == speakers.taken else of_engine
            row.installed, row.hindrance = _installed(row, there), viability.of_library(row)
        self.result_list = rows


class _Shown:
    """How a row stands, drawn for who looks at it."""

    def __init__(self, standing: Standing, **context: bool | str) -> None:
        self._context = {"standing": standing, **context}

    def __str__(self) -> str:
        return render_to_string("admin/registry/_standing.html", self._context)


def _installed(provider: Provider, shared: set[str]) -> str:
    """Return how much is installed of what a provider takes. `shared` are the weights of diarizers that are."""
    if (better := BETTER_WEIGHTS.get(provider.key)) in shared:
        return f"{better}"
    if needed := OPEN_WEIGHTS.get(provider.key):
        return f"{len(shared & {*needed})} of {len(needed)}"
    rows = provider.speech_models.all()
    return f"{sum(row.status in THERE for row in rows)} of {len(rows)}"


class Takers(SimpleListFilter):
    """The engine or diarizer that takes weights: diarizers share theirs."""

    title = "what takes it"
    parameter_name = "taker"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Provider.objects.values_list("key", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        taker = self.value()
        if not taker:
            return queryset
        return queryset.filter(Q(provider__key=taker) | Q(store=DIARIZATION, key__in=shared_by(taker)))


class Users(SimpleListFilter):
    """Who may use engines and weights. Weights follow their engine in that; those that diarizers share are for all of them."""

    title = "who may use it"
    parameter_name = "users"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("everybody", EVERYBODY), ("administrators", ADMINISTRATORS), ("nobody", NOBODY)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_enabled, is_for_people = Q(enabled=True), Q(for_people=True)
        if queryset.model is SpeechModel:
            is_shared = Q(store=DIARIZATION)
            is_enabled &= is_shared | Q(provider__enabled=True)
            is_for_people = is_shared | Q(for_people=True, provider__for_people=True)
        found = {
            "everybody": is_enabled & is_for_people,
            "administrators": is_enabled & ~is_for_people,
            "nobody": ~is_enabled,
        }
        return queryset.filter(found.get(self.value() or "", Q()))


def shared_by(taker: str) -> list[str]:
    """Return the weights that a diarizer shares with others."""
    return [*OPEN_WEIGHTS.get(taker, ()), *filter(None, [BETTER_WEIGHTS.get(taker)])]


def taken_by_what_is_called(words: str) -> Q:
    """Return what finds weights by the name of a diarizer that takes them, as the list has it beside theirs."""
    word = words.strip().lower()
    names = [name for name in OPEN_WEIGHTS if word and word in name]
    return Q(store=DIARIZATION, key__in=[key for name in names for key in shared_by(name)])


def named(name: str, row: Any) -> SafeString:
    """Return a name with a mark on the default, and on what jobs get in its place."""
    mark = DEFAULT if row.is_default else STANDS_IN if row.stands_in else ""
    drawn = format_html('<span class="mark">{}</span>', mark) if mark else ""
    return format_html('{} <span id="mark-{}">{}</span>', name, row.pk, drawn)


def users_of(row: SpeechModel | Provider) -> SafeString:
    """Return who may use something, as its row and that of its provider say; with the reason where nobody may."""
    is_shared = isinstance(row, SpeechModel) and row.store == DIARIZATION
    if is_shared and row.enabled:
        return format_html("Whoever may use {}", " or ".join(takers(row.key)))
    provider = row.provider if isinstance(row, SpeechModel) and not is_shared else row
    off = next((one for one in (row, provider) if not one.enabled), None)
    if off:
        reason = off.disabled_reason or (f"{off} is disabled" if off is not row else "")
        return format_html('<span class="mark mark-off">{}</span> {}', NOBODY, reason)
    kept = next((one for one in (row, provider) if not one.for_people), None)
    if kept:
        return format_html(
            '<span class="mark mark-kept">{}</span> {}', ADMINISTRATORS, "" if kept is row else f"as all of {kept}"
        )
    return format_html("{}", EVERYBODY)


def gone(request: HttpRequest) -> HttpResponse:
    """Answer for a row that is not there any more; a page that asks again and again stops. Raises Http404."""
    if "HX-Request" not in request.headers:
        raise Http404
    return HttpResponse(status=HTMX_STOP_POLLING)


class Guarded(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the tables of the registry share: actions that ask first, and addresses of their own."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Weights are removed, which minds the files; what the catalogue knows would come back."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = str(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title[0].upper() + title[1:], **(extra_context or {})})

    def ask_first(self, request: HttpRequest, rows: Iterable[Any], **context: Any) -> TemplateResponse:
        """Return the page that asks before an action on rows is done."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "rows": rows,
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": self._home(),
            **context,
        }
        return TemplateResponse(request, "admin/registry/confirm.html", context)

    def back(self, request: HttpRequest) -> HttpResponse:
        """Lead back to where a button was pressed."""
        address = request.headers.get("Referer", "")
        is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
        return redirect(address if is_ours and request.path not in address else self._home())

    def note(self, request: HttpRequest, rows: Iterable[Any], what: str) -> None:
        """Write down that somebody did something to some rows: in the history of each, and in the log."""
        for row in rows:
            self.log_change(request, row, what)
            log.info("%s %s: %s by user %s", self.opts.model_name, row.pk, what.rstrip(".").lower(), request.user.pk)

    def _home(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        off = list(rows.filter(enabled=False))
        count = decisions.enable(rows)
        self.note(request, off, "Enabled.")
        messages.success(request, f"{count} enabled." if count else "They were enabled already.")

    @admin.action(description="Disable…", permissions=["change"])
    def disable(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            chosen = list(rows)
            count = decisions.disable(rows, reason=form.cleaned_data["reason"])
            self.note(request, chosen, "Disabled.")
            messages.success(request, f"{count} disabled.")
            return None
        return self.ask_first(
            request,
            rows,
            title="Disable",
            sentence="No new job gets them. What runs with them goes on.",
            warning=decisions.consequence(list(rows)),
            action="disable",
            button="Disable",
            form=form,
        )
