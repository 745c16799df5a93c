"""No test here sees the weights of this checkout."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_weights(weights_folder: Path, db: None) -> None:
    """Keep weights in a folder of each test."""
