"""Tags and filters that every template has: icons, and how times, dates and languages are written."""

from datetime import datetime
from functools import cache

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from preferences import dates, site
from preferences.models import UserDefaults
from registry import terminal
from speech import times
from speech.languages import LANGUAGES
from transcripts.models import Speaker
from transcripts.times import hundredths

register = template.Library()

SHORT_NAME = 30
"""So many characters of a name fit into two lines wherever it stands."""


@register.simple_tag
def icon(name: str, **attributes: str) -> SafeString:
    """Return an icon of the sprite. It is decoration: the name of what it stands for is beside it."""
    return _icon(name, attributes.get("class", ""))


@cache
def _icon(name: str, more: str) -> SafeString:
    """Return an icon, put together once for each: a list of fifty rows has hundreds of them."""
    return format_html(
        '<svg class="icon icon-{} {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        name,
        more,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def command(arguments: str) -> str:
    """Return the line that runs a command of `manage.py` here."""
    return terminal.manage(arguments)


@register.simple_tag
def command_folder() -> str:
    """Return where commands are run. A path of the server: for administrators only."""
    return str(terminal.folder())


@register.simple_tag
def name(speaker: Speaker) -> SafeString:
    """Return a speaker's name in their colour, such that a new name can be put in its place wherever it stands."""
    return format_html(
        '<bdi class="name" data-name="{}" data-hue="{}">{}</bdi>', speaker.pk, speaker.hue, name_text(speaker)
    )


@register.simple_tag
def name_text(speaker: Speaker) -> SafeString:
    """Return what stands in a speaker's name; a long one has a title, since it is cut where it takes more than two lines."""
    if len(speaker.shown_name) <= SHORT_NAME:
        return escape(speaker.shown_name)
    return format_html('<span title="{}">{}</span>', speaker.shown_name, speaker.shown_name)


@register.filter
def clock(seconds: float | None) -> str:
    """Return a stretch of time as 0:07, 12:40 or 1:02:03; nothing where it is not known."""
    return "" if seconds is None else times.clock(seconds)


@register.filter
def precise(seconds: float) -> str:
    """Return a time to the hundredth, for fields in which it is changed."""
    return hundredths(seconds)


@register.filter
def at(seconds: float) -> str:
    """Return a position in a recording for addresses and scripts: a plain number, whatever the language."""
    return f"{seconds:.2f}"


@register.filter
def roughly(seconds: float) -> str:
    """Return a stretch of time as a person would say it: "about 9 min"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"about {minutes} min"
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"


@register.filter
def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 11th."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 20 else ending}"


@register.filter
def language_name(code: str) -> str:
    """Return the English name of a language; the code itself where it is not one of Whisper's, nothing where it is empty."""
    return LANGUAGES.get(code, code)


@register.filter
def day(moment: datetime) -> str:
    """Return when something was, as short as is clear, in the reader's way: the time today, else the day."""
    return dates.short(moment)


@register.filter
def moment(moment: datetime) -> str:
    """Return the day and the time of something, in the reader's way."""
    return dates.full(moment)


@register.filter
def whole_day(moment: datetime) -> str:
    """Return the day of something with its year, in the reader's way."""
    return dates.day(moment)


@register.simple_tag(takes_context=True)
def site_name(context: Context) -> str:
    """Return what this installation is called. Costs one query for each page, none where it was asked before."""
    return site.name(context.get("request"))


@register.simple_tag(takes_context=True)
def offers_speakers(context: Context) -> bool:
    """Return whether this installation identifies speakers. Costs what `site_name` does."""
    request = context.get("request")
    return site.settings_of(request).diarization if request else True


@register.simple_tag(takes_context=True)
def theme(context: Context) -> SafeString:
    """Return the attribute that gives a page the colours that its reader has chosen; nothing where they have not."""
    chosen = _theme(context)
    return format_html(' data-theme="{}"', chosen) if chosen else SafeString("")


@register.simple_tag(takes_context=True)
def theme_class(context: Context) -> str:
    """Return the same as a class of `body`, for pages whose `html` is not ours."""
    chosen = _theme(context)
    return f"theme-{chosen}" if chosen else ""


def _theme(context: Context) -> str:
    user = getattr(context.get("request"), "user", None)
    return UserDefaults.of(user).theme if user is not None and user.is_authenticated else ""
