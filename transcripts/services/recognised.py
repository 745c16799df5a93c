"""The text of a job as it was recognised, whatever was changed in it since."""

from transcripts.models import Edit, Job
from transcripts.services.edits import composed
from transcripts.services.patches import CONTENT, Columns


def as_recognised(job: Job) -> list[Columns]:
    """Return the rows of a text before its first edit, in its order, each with its `pk`. Costs two queries."""
    rows = {str(row["pk"]): row for row in job.segments.values("pk", *CONTENT)}
    newest_first = Edit.objects.filter(job=job).order_by("-pk").values_list("before", flat=True)
    for pk, columns in composed(newest_first)["segments"].items():
        if columns is None:
            rows.pop(pk, None)
        else:
            rows[pk] = rows.get(pk, {}) | columns | {"pk": int(pk)}
    return sorted(rows.values(), key=lambda row: (row["start"], row["piece"], row["index"], row["part"]))
