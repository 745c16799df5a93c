"""What a job's plan pins: engine, weights and all that decides the numbers, so that a resumed job gets the same."""

from dataclasses import replace

from registry.resolver import Choice
from speech import options
from speech.types import EngineSpec, Json

PROCESSOR = "cpu"
OTHER_DEVICE = "{} {} could not use the graphics card any more, so {} was made on the processor."
OTHER_ENGINE = "{} {} could not run any more, so {} was made with {} {}."
OTHER_WEIGHTS = "The weights of {} {} were replaced, so {} was made with other ones."
REST = "the text from {} on"
ALL = "the text"
MISSING = "what was missing in the text"

OTHER_CIRCUMSTANCES = "This job went on with {}, so its text may differ slightly from an undisturbed run."

CIRCUMSTANCES = {
    "engine_version": "engine version",
    "device": "device",
    "compute_type": "compute type",
    "instruction_set": "instruction set",
    "threads": "number of threads",
}
"""What decides the numbers of the same engine and model, as a person calls it."""


def is_planned(choice: Choice, pins: Json) -> bool:
    """Return whether a choice is what a plan was made with."""
    chosen = (choice.spec.engine, choice.spec.model, choice.weights_sha256)
    return chosen == (pins["engine"], pins["model"], pins["weights_sha256"])


def pinned(spec: EngineSpec, pins: Json) -> EngineSpec:
    """Return the spec with what decided the numbers so far. Every machine has a processor: it never prevents a run."""
    if pins.get("device") != PROCESSOR:
        return spec
    return replace(spec, device=PROCESSOR, compute_type=pins["compute_type"], threads=pins["threads"])


def for_the_rest(choice: Choice, pins: Json) -> Json:
    """Return what a plan pins from here on, where something else does the rest. What is left out is known with its first batch."""
    kept: Json = {name: pins[name] for name in ("beam_size", "seed") if name in pins}
    kept["extra_options"], _ = options.fitting(choice.spec.engine, pins.get("extra_options", {}))
    chosen = {"engine": choice.spec.engine, "model": choice.spec.model, "weights_sha256": choice.weights_sha256}
    if choice.spec.device != PROCESSOR:
        return kept | chosen
    how = {"device": PROCESSOR, "compute_type": choice.spec.compute_type, "threads": choice.spec.threads}
    return kept | chosen | how


def are_open(pins: Json) -> bool:
    """Return whether pins lack what the first batch is to tell."""
    return "engine_version" not in pins


def what_changed(spec: EngineSpec, pins: Json, *, part: str) -> str:
    """Return the warning that the text is made by two, and which part of it by the second."""
    is_same = (spec.engine, spec.model) == (pins["engine"], pins["model"])
    if is_same and spec.device == PROCESSOR:
        return OTHER_DEVICE.format(spec.engine, spec.model, part)
    if is_same:
        return OTHER_WEIGHTS.format(spec.engine, spec.model, part)
    return OTHER_ENGINE.format(pins["engine"], pins["model"], part, spec.engine, spec.model)


def other_batches(pins: Json) -> list[str]:
    """Return the warning for batches that were made smaller, or none: on a processor the numbers come out the same.

    Measured with tiny.en and base on 9 pieces, in batches of 8, 4, 3, 2 and 1 (CTranslate2 4.8, AVX-512, 2026-11-22).
    """
    return [] if pins.get("device") == PROCESSOR else [OTHER_CIRCUMSTANCES.format("smaller batches")]


def differences(now: Json, pins: Json) -> list[str]:
    """Return a warning that names what differs from the plan, or none. Of another engine or model `what_changed` tells."""
    if any(now.get(name) != pins.get(name) for name in ("engine", "model")):
        return []
    changed = [
        f"another {title} ({now[name] or 'none'} instead of {pins[name] or 'none'})"
        for name, title in CIRCUMSTANCES.items()
        if name in now and name in pins and now[name] != pins[name]
    ]
    return [OTHER_CIRCUMSTANCES.format(" and ".join(changed))] if changed else []
