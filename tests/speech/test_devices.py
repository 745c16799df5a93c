"""What the libraries say of themselves, asked as the pages ask: in an engine process."""

from speech import client, devices


def test_engine_process_tells_what_its_libraries_compute_on():
    ctranslate2, torch = client.ask("devices", timeout_seconds=60)["libraries"]
    assert (ctranslate2["name"], torch["name"]) == ("CTranslate2", "torch")
    assert (ctranslate2["problem"], torch["problem"]) == ("", "")
    assert "int8" in ctranslate2["processor_types"]
    assert torch["version"]


def test_library_that_is_missing_or_fails_is_told_with_the_others():
    def missing() -> dict:
        raise ImportError("libcudart.so.13: cannot open shared object file")

    def failing() -> dict:
        raise RuntimeError("CUDA driver version is insufficient")

    assert devices._asked("torch", missing)["problem"] == "torch is not installed, or cannot be loaded."
    found = devices._asked("torch", failing)
    assert found["problem"] == "torch failed: RuntimeError: CUDA driver version is insufficient"
    assert (found["cards"], found["version"]) == ([], "")
