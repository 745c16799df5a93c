"""What failed for a job that has nothing left to run with, so that its next looks cost nothing.

Kept for some minutes only, and for this cluster: restarting the workers, or another machine, tries anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.core.cache import cache

from transcripts import node

KEPT_SECONDS = 300
"""Before a model is loaded again that failed here: trying is felt by all that runs on the machine."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The pairs of engine and model, each with the reason as a clause, and the sentence that tells why the job waits."""

    excluded: Mapping[tuple[str, str], str] = field(default_factory=dict)
    sentence: str = ""


def keep(job_id: UUID, excluded: Mapping[tuple[str, str], str], sentence: str) -> None:
    cache.set(_key(job_id), (dict(excluded), sentence), KEPT_SECONDS)


def kept(job_id: UUID) -> Failed:
    """Return what failed for this job here in the last minutes."""
    return Failed(*cache.get(_key(job_id), ()))


def _key(job_id: UUID) -> str:
    return f"failed:{job_id}:{node.cluster()}".replace(" ", "-")
