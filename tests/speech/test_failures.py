"""What is told of exceptions, by their words: the libraries raise plain ones."""

from pickle import UnpicklingError

import pytest

from speech.failures import error_of, of_import, of_loading


@pytest.mark.parametrize(
    ("err", "code"),
    [
        (RuntimeError("CUDA failed with error out of memory"), "card_out_of_memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."), "card_out_of_memory"),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"), "card_out_of_memory"),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "card_failed"),
        (RuntimeError("cuDNN failed with status CUDNN_STATUS_NOT_INITIALIZED"), "card_failed"),
        (RuntimeError("Found no NVIDIA driver on your system."), "card_failed"),
        (RuntimeError("HIP error: invalid device function"), "card_failed"),
        (OSError("libcublas.so.12: cannot open shared object file: No such file or directory"), "card_failed"),
        (MemoryError(), "out_of_memory"),
        (RuntimeError("mkl_malloc: failed to allocate memory"), "out_of_memory"),
        (ModuleNotFoundError("No module named 'torch'"), "library_missing"),
        (OSError("libgomp.so.1: cannot open shared object file: No such file or directory"), "library_missing"),
        (ValueError("poisoned"), "engine_error"),
    ],
)
def test_cause_is_told_by_the_words(err: Exception, code: str):
    assert error_of(err)["code"] == code


@pytest.mark.parametrize(
    "err",
    [
        RuntimeError("Unable to open file 'model.bin'"),
        EOFError(),
        UnpicklingError("invalid load key"),
        KeyError("dims"),
    ],
)
def test_what_ends_the_loading_is_put_down_to_the_weights(err: Exception):
    told = of_loading(err, what="The weights of base")
    assert (told.code, told.message) == ("weights_broken", f"The weights of base could not be loaded: {err}.")


@pytest.mark.parametrize(
    ("err", "code"),
    [
        (RuntimeError("mkl_malloc: failed to allocate memory"), "out_of_memory"),
        (RuntimeError("CUDA failed with error no kernel image is available"), "card_failed"),
    ],
)
def test_what_ends_the_loading_is_not_put_down_to_weights_that_are_not_to_blame(err: Exception, code: str):
    assert of_loading(err, what="The weights of base").code == code


def test_library_for_which_there_is_no_memory_is_not_missing():
    short = ImportError("libtorch_cpu.so: failed to map segment from shared object")
    assert of_import(short, what="The engine whisper").code == "out_of_memory"
    assert of_import(ImportError("No module named 'whisper'"), what="The engine whisper").message == (
        "The engine whisper cannot be loaded: No module named 'whisper'."
    )


def test_bytes_that_are_no_text_are_told_of_in_a_sentence():
    with pytest.raises(UnicodeDecodeError) as caught:
        b"\xff".decode()

    assert of_loading(caught.value, what="The weights of base").message == (
        "The weights of base could not be loaded: one of their files is damaged."
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "Unable to open file 'model.bin' in model '/srv/selenite/models/x'",
            "Unable to open file 'model.bin' in model 'x'",
        ),
        ("/srv/models/base.pt: cut short", "base.pt: cut short"),
        ("12 of 24 s/it at https://host/a/b and 3 / 4", "12 of 24 s/it at https://host/a/b and 3 / 4"),
    ],
)
def test_files_are_named_without_where_they_lie(words: str, told: str):
    assert of_loading(RuntimeError(words), what="The weights of x").message.endswith(f": {told}.")
    assert error_of(AssertionError(words))["message"].endswith(f": {told}")
