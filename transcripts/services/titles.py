"""What a recording is called."""

from django.db import transaction

from transcripts.models import Recording
from transcripts.search import index


@transaction.atomic
def rename(recording: Recording, title: str) -> None:
    """Call a recording by another title, by which it is found from now on."""
    recording.title = title
    recording.save(update_fields=["title"])
    index.name(recording)
