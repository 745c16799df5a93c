"""Recordings, the jobs that run over them, and the text that comes out."""

from transcripts.models.job import Job, Task
from transcripts.models.node import Node
from transcripts.models.recording import Recording
from transcripts.models.segment import Segment
from transcripts.models.speaker import Edit, Labelling, Speaker

__all__ = ["Edit", "Job", "Labelling", "Node", "Recording", "Segment", "Speaker", "Task"]
