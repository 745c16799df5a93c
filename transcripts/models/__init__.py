"""Recordings, the jobs that run over them, and the text that comes out."""

from transcripts.models.job import Job, Task
from transcripts.models.node import Node
from transcripts.models.recording import Recording
from transcripts.models.segment import Segment

__all__ = ["Job", "Node", "Recording", "Segment", "Task"]
