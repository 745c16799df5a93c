"""Recordings, the jobs that run over them, and the text that comes out."""

from transcripts.models.entry import SearchEntry
from transcripts.models.job import Job, Task
from transcripts.models.node import Node
from transcripts.models.notes import Comment, Note, SavedFilter
from transcripts.models.recording import Recording
from transcripts.models.rule import Rule
from transcripts.models.segment import Segment
from transcripts.models.speaker import Edit, Labelling, Speaker

__all__ = [
    "Comment",
    "Edit",
    "Job",
    "Labelling",
    "Node",
    "Note",
    "Recording",
    "Rule",
    "SavedFilter",
    "SearchEntry",
    "Segment",
    "Speaker",
    "Task",
]
