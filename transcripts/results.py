"""What an engine has found, as rows."""

from speech.types import PieceResult
from transcripts.models import Job, Segment


def rows_of(job: Job, result: PieceResult) -> list[Segment]:
    """Return the rows of a piece, not saved."""
    return [
        Segment(
            job=job,
            piece=result.piece,
            index=index,
            start=segment.start,
            end=segment.end,
            text=segment.text,
            words=[[word.start, word.end, word.text, word.probability] for word in segment.words],
            mean_log_probability=segment.mean_log_probability,
            no_speech_probability=segment.no_speech_probability,
            compression_ratio=segment.compression_ratio,
            temperature=segment.temperature,
            doubts=list(segment.doubts),
        )
        for index, segment in enumerate(result.segments)
    ]
