"""What must be so before pyannote is imported: no telemetry, no downloads, no complaints about libraries that it need not have."""

import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from speech.seclusion import switch_telemetry_off


@contextmanager
def quiet() -> Iterator[None]:
    """Keep libraries' warnings for developers out of the log.

    pyannote warns that torchcodec is broken (it decodes no files here), Lightning that a checkpoint is of an older form.
    """
    import logging

    lightning = logging.getLogger("lightning.pytorch.utilities.migration.utils")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        level, lightning.level = lightning.level, logging.ERROR
        try:
            yield
        finally:
            lightning.level = level


def prepare() -> None:
    """Switch telemetry and downloads off, and let torchaudio be imported beside a torch that was built without CUDA.

    A wheel of torchaudio that was built for CUDA cannot load its native library there and raises OSError; pyannote needs
    nothing of it. Call it before pyannote is imported; a second call does nothing.
    """
    switch_telemetry_off()
    if "torchaudio" not in sys.modules and not _has_cuda():
        sys.modules.setdefault("torchaudio._extension", _without_extension())


def _has_cuda() -> bool:
    import torch

    return torch.version.cuda is not None


def _without_extension() -> types.ModuleType:
    """Return what torchaudio looks for in its module of native code, with nothing available."""
    module = types.ModuleType("torchaudio._extension")
    contents = {
        "_IS_TORCHAUDIO_EXT_AVAILABLE": False,
        "_IS_ALIGN_AVAILABLE": False,
        "fail_if_no_align": lambda function: function,
        "_check_cuda_version": lambda: None,
    }
    for name, value in contents.items():
        setattr(module, name, value)
    return module
