"""What a job's plan pins: engine, weights and all that decides the numbers, so that a resumed job gets the same."""

from dataclasses import replace

from registry.resolver import Choice
from speech.types import EngineSpec, Json

OTHER_ENGINE = "{} {} could not run any more, so the rest of the text was made with {} {}."
OTHER_WEIGHTS = "The weights of {} {} were replaced, so the rest of the text was made with other ones."


def is_planned(choice: Choice, pins: Json) -> bool:
    """Return whether a choice is what a plan was made with."""
    chosen = (choice.spec.engine, choice.spec.model, choice.weights_sha256)
    return chosen == (pins["engine"], pins["model"], pins["weights_sha256"])


def pinned(spec: EngineSpec, pins: Json) -> EngineSpec:
    """Return the spec with what decided the numbers so far. Every machine has a processor: it never prevents a run."""
    if pins["device"] != "cpu":
        return spec
    return replace(spec, device="cpu", compute_type=pins["compute_type"], threads=pins["threads"])


def what_changed(spec: EngineSpec, pins: Json) -> str:
    """Return the warning that the text is made by two."""
    if (spec.engine, spec.model) == (pins["engine"], pins["model"]):
        return OTHER_WEIGHTS.format(spec.engine, spec.model)
    return OTHER_ENGINE.format(pins["engine"], pins["model"], spec.engine, spec.model)
