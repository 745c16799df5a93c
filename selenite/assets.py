"""Style sheets and scripts by names that tell what they hold, so that a browser keeps each for good and loads none twice."""

import re
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

COMMENT = re.compile(rb"^[ \t]*//.*\n", re.MULTILINE)
"""A line that is one as a whole."""


class NamedByContent(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Have also a script of ours that another one imports go by such a name, and none carry its comments to a browser."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((r'(?P<matched>from "(?P<url>\./\w+\.js)")', 'from "%(url)s"'),)),
    )

    def _save(self, name: str, content: Any) -> str:
        if name.startswith("js/") and name.endswith(".js"):
            content.seek(0)
            content = ContentFile(COMMENT.sub(b"", content.read()))
        saved: str = super()._save(name, content)
        return saved
