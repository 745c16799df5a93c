"""What the recognition libraries can compute on here. Imports them, so it runs in an engine process only."""

import logging
from collections.abc import Callable

from speech.types import Json

log = logging.getLogger(__name__)


def look() -> list[Json]:
    """Return what each library says, after one small computation on each card: to be seen is not to be usable."""
    return [_asked("CTranslate2", _ctranslate2), _asked("torch", _torch)]


def _asked(name: str, ask: Callable[[], Json]) -> Json:
    unknown = {"version": "", "cuda": "", "cards": [], "processor_types": [], "problem": ""}
    try:
        return {"name": name, **unknown, **ask()}
    except ImportError:
        return {"name": name, **unknown, "problem": f"{name} is not installed, or cannot be loaded."}
    except Exception as err:  # A driver may fail in any way.
        log.exception("%s could not be asked", name)
        return {"name": name, **unknown, "problem": f"{name} failed: {type(err).__name__}: {err}"[:500]}


def _ctranslate2() -> Json:
    import ctranslate2

    cards = [
        f"CUDA device {number} ({', '.join(sorted(ctranslate2.get_supported_compute_types('cuda', number)))})"
        for number in range(ctranslate2.get_cuda_device_count())
    ]
    types = sorted(ctranslate2.get_supported_compute_types("cpu"))
    return {"version": ctranslate2.__version__, "cards": cards, "processor_types": types}


def _torch() -> Json:
    import torch

    cuda = torch.version.cuda or ""
    rocm = getattr(torch.version, "hip", None)
    cards, problem = [], ""
    for number in range(torch.cuda.device_count()):
        try:
            torch.ones(8, device=f"cuda:{number}").sum().item()
            cards.append(torch.cuda.get_device_name(number))
        except RuntimeError as err:
            problem = f"Card {number} cannot be used: {err}"[:500]
    return {"version": torch.__version__, "cuda": f"ROCm {rocm}" if rocm else cuda, "cards": cards, "problem": problem}
