"""What every engine can do."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from speech.types import Json, OnProgress, Options, Piece, PieceResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]


class Engine(Protocol):
    """A recogniser with its weights loaded. It knows no file of the recording, no output format and no Django."""

    batch_size: int
    """How many pieces it takes at once with profit."""
    warnings: list[str]
    """Sentences for the person on what it fell back to, such as the processor for a graphics card."""

    @property
    def pins(self) -> Json:
        """Return all that decides its numbers: engine, engine_version, model, device, compute_type, instruction_set, threads."""
        ...

    def find_pieces(self, work: Path, *, on_progress: OnProgress) -> list[Piece]:
        """Return the pieces of a work file to be decoded, in order: `planning.find_pieces` for Whisper."""
        ...

    def check_language(self, language: str) -> None:
        """Raise EngineError where the weights do not know the language."""
        ...

    def detect_language(self, windows: "Sequence[Samples]") -> tuple[str, float | None]:
        """Return the language spoken and its probability, averaged over windows of at most 30 s.

        It is None where the weights know no other language, so that nothing was detected.
        """
        ...

    def transcribe(
        self,
        pieces: Mapping[int, Piece],
        samples: "Sequence[Samples]",
        options: Options,
        *,
        language: str,
        on_progress: Callable[[], None],
    ) -> list[PieceResult]:
        """Return the text of the pieces (by their index in the plan), in order. Times count from the start of the recording.

        `samples` has the sound of each piece. `on_progress` is called between steps; what it raises ends the work.
        The result depends on the batch and the options alone: nothing is carried over from an earlier call.
        """
        ...
