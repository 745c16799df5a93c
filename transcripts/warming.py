"""What the process that serves the pages does before the first of them is asked for."""

import gc

from django.conf import settings
from django.template.loader import get_template
from django.urls import get_resolver


def warm_up() -> None:
    """Load all views and templates, and keep them out of every later search for garbage.

    Such a search went through all of them again and held up a page for 40 ms (2 cores, 2026-11-28).
    """
    list(get_resolver().url_patterns)
    folder = settings.BASE_DIR / "templates"
    for path in sorted(folder.rglob("*.html")):
        get_template(str(path.relative_to(folder)))
    gc.collect()
    gc.freeze()
