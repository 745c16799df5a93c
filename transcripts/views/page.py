"""What the recording page and its fragments have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from preferences.models import UserDefaults
from transcripts.exports.formats import formats
from transcripts.exports.forms import ExportForm
from transcripts.models import Job
from transcripts.services.defaults import export_options_of
from transcripts.views.doubtful import find_doubtful
from transcripts.views.gaps import gaps_known, gaps_standing
from transcripts.views.known import Known
from transcripts.views.media import player_url
from transcripts.views.panel import Refusal, read_panel
from transcripts.views.standing import Standing, marked
from transcripts.views.text import PageParagraph, Position, assign_url, segments_url


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows already: where its last paragraph starts, its newest segment, and whose speakers.

    The first two are None where it has no text. `version` is that of the job's standing.
    """

    paragraph: Position | None = None
    newest: int | None = None
    labelling: int | None = None
    version: str = ""

    @property
    def state(self) -> str:
        return self.version.partition("-")[0]

    def query(self) -> dict[str, object]:
        """Return what the page says of itself when it asks for changes."""
        known = {"paragraph": self.paragraph, "after": self.newest, "labelling": self.labelling}
        return {"version": self.version} | {name: value for name, value in known.items() if value is not None}


def shown_by(job: Job, text: Sequence[PageParagraph], *, before: Shown | None = None) -> Shown:
    """Return what a page shows that has just got the text, or its end after what it showed before."""
    before = before or Shown()
    newest = max((line.pk for paragraph in text for line in paragraph.lines), default=before.newest)
    return Shown(text[-1].first if text else before.paragraph, newest, job.labelling_id, Standing(job).version)


def page_context(
    row: Standing,
    text: Sequence[PageParagraph],
    shown: Shown | None = None,
    *,
    viewer: AbstractBaseUser | AnonymousUser,
    refusal: Refusal | None = None,
    known: Known | None = None,
) -> dict[str, object]:
    """Return the context of the page, or of a fragment of it after which the page shows this.

    With what is known around the text, which then has to be all of it, this costs no query.
    """
    assert isinstance(viewer, User)
    first: list[str] = UserDefaults.of(viewer).export_formats
    job = row.job
    panel = read_panel(job, text, known, viewer=viewer, refusal=refusal)
    has_speakers = panel is not None and bool(panel.voices)
    return {
        "recording": job.recording,
        "row": row,
        "text": text,
        "rest_url": "",
        "gaps": gaps_known(job, text, known.retried) if known else gaps_standing(job),
        "panel": panel,
        "media_url": player_url(job.recording),
        "live_url": "" if job.is_over else _live_url(job, shown or shown_by(job, text)),
        "assign_url": assign_url(job),
        "segments_url": segments_url(job),
        "doubtful": find_doubtful(text),
        "export_formats": formats(has_speakers=has_speakers, first=first),
        "export_form": ExportForm(
            auto_id="export-%s", has_speakers=has_speakers, first=first, defaults=export_options_of(viewer)
        ),
    }


def _live_url(job: Job, shown: Shown) -> str:
    query = shown.query() | dict(marked([Standing(job)]))
    return f"{reverse('transcripts:live', args=[job.pk])}?{urlencode(query)}"
