"""What can be found: the index behind the search."""

from django.db import models


class SearchEntry(models.Model):
    """The text of a segment as it is looked for, or the title of a recording where there is no segment.

    Only the text that a recording shows has entries: `transcripts.search.index` keeps them so. The databases' own full-text indexes
    hang on this table by triggers, or a column, that the migration `search` made: whoever changes the table makes them anew.
    """

    recording = models.ForeignKey("transcripts.Recording", on_delete=models.CASCADE, related_name="entries")
    segment = models.OneToOneField(
        "transcripts.Segment", on_delete=models.CASCADE, null=True, blank=True, related_name="entry"
    )
    words = models.TextField()
    """As `transcripts.search.words` folds them, with spaces between them."""
    scope = models.CharField(max_length=40)
    """Whose it is, where, and who says it, if they have a name, as two or three words: `transcripts.search.index.scope`."""

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Entry {self.pk}"
