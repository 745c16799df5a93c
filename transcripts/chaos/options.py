"""What a run is asked to do."""

from dataclasses import dataclass
from pathlib import Path

SQLITE, POSTGRES = "sqlite", "postgres"
ORM, REDIS = "orm", "redis"
FAKE = "fake"


@dataclass(frozen=True, slots=True)
class Options:
    """How often what is killed, and on what. The same seed makes the same choices; the moments are the machine's."""

    kills: int
    jobs: int
    seed: int
    clusters: int = 1
    database: str = SQLITE
    broker: str = ORM
    engine: str = FAKE
    model: str = FAKE
    minutes: float = 10
    media: Path | None = None

    @property
    def is_real(self) -> bool:
        """Return whether real weights recognise a real recording."""
        return self.engine != FAKE

    @property
    def slots(self) -> int:
        """Return how many jobs each cluster may run."""
        return 1 if self.is_real else 2

    @property
    def concurrency(self) -> int:
        """Return how many jobs may run at once in all: with several clusters one less than they could, so that a worker idles."""
        return self.clusters * self.slots - (self.clusters > 1)

    def to_arguments(self) -> list[str]:
        """Return the options as the command line has them."""
        pairs = {name: getattr(self, name) for name in self.__slots__}
        return [text for name, value in pairs.items() if value is not None for text in (f"--{name}", str(value))]
