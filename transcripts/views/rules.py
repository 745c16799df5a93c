"""Replacement rules: a person's own, and for staff those of the installation. Each counts for what is recognised from now on."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from transcripts.models import Rule
from transcripts.rule_forms import RuleForm
from transcripts.views.answers import Question, ask, done, show

RULES_PER_PAGE = 100
STAYS = "Texts in which it replaced something stay as they are."
LONGEST_IN_NOTICE = 60


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show a person's own rules, and those of the installation, which count for them too."""
    user = _user(request)
    page = Paginator(Rule.objects.of(user), RULES_PER_PAGE).get_page(request.GET.get("page"))
    shared = Paginator(Rule.objects.of_installation(), RULES_PER_PAGE).get_page(request.GET.get("shared"))
    return render(request, "transcripts/rules.html", {"page": page, "shared": shared})


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def new(request: HttpRequest) -> HttpResponse:
    """Make a rule; the address may say what it begins with."""
    begun = {name: request.GET[name] for name in ("find", "replacement", "for_all") if name in request.GET}
    return _edit(request, RuleForm(request.POST or None, initial=begun, author=_user(request)))


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    return _edit(request, RuleForm(request.POST or None, instance=_rule(request, rule_id), author=_user(request)))


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def delete(request: HttpRequest, rule_id: int) -> HttpResponse:
    rule = _rule(request, rule_id)
    if request.method == "GET":
        return ask(request, _question(rule))
    rule.delete()
    messages.success(request, f"The rule for “{_brief(rule)}” is deleted.")
    return _to_rules(request)


def _edit(request: HttpRequest, form: RuleForm) -> HttpResponse:
    rule = form.save_once() if request.method == "POST" and form.is_valid() else None
    if rule is None:
        context: dict[str, object] = {"form": form, "rule": form.instance if form.instance.pk else None}
        return show(request, "rule", context, status=200 if request.method == "GET" else 422)
    messages.success(request, f"“{_brief(rule)}” is replaced in what is transcribed from now on.")
    return _to_rules(request)


def _question(rule: Rule) -> Question:
    return Question(
        title=f"Delete the rule for “{_brief(rule)}”?",
        sentences=(STAYS,),
        action=reverse("transcripts:delete-rule", args=[rule.pk]),
        button="Delete the rule",
        keep=reverse("transcripts:rules"),
    )


def _brief(rule: Rule) -> str:
    return rule.find if len(rule.find) <= LONGEST_IN_NOTICE else f"{rule.find[:LONGEST_IN_NOTICE]}…"


def _rule(request: HttpRequest, rule_id: int) -> Rule:
    """Return a rule, or raise Http404 where this person may not change it."""
    return get_object_or_404(Rule.objects.changeable_by(request.user), pk=rule_id)


def _to_rules(request: HttpRequest) -> HttpResponse:
    """Lead to all rules, also out of a dialog. The page of a recording, whose text somebody corrects, stays open."""
    address = reverse("transcripts:rules")
    if urlsplit(request.headers.get("HX-Current-URL", "")).path.startswith("/recordings/"):
        return done(request, address=address)
    return HttpResponseClientRedirect(address) if "HX-Request" in request.headers else redirect(address)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
