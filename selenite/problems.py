"""What a person is told where a page cannot be made for a reason that passes."""

from transcripts import outage

RETRY_SECONDS = 10

FULL = (
    "The disk of this server is full, so this could not be saved. What was saved before is safe. "
    "Free some space, or ask an administrator to, then try again."
)
DATABASE = (
    "The database takes no requests now. Nothing was changed, and what was saved before is safe. Try again in a moment."
)
FOLDER = (
    "A folder of this server cannot be used now. Nothing was changed and nothing is lost. "
    "Try again in a moment, or tell an administrator."
)


def sentence_for(err: BaseException) -> str:
    """Return what to say about an error that passes or that somebody can put right; empty for a fault of ours."""
    if outage.is_full_disk(err):
        return FULL
    if outage.is_of_database(err):
        return DATABASE
    return FOLDER if outage.is_of_storage(err) else ""
