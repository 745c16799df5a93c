import socket
import time
from pathlib import Path

import pytest

from speech.weights import WeightsError, download
from tests.speech.weights.conftest import CONTENT, Publisher

MODEL = CONTENT["model.bin"]


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "model.bin.part"


def fetch(publisher: Publisher, part: Path, **options: int) -> list[int]:
    sizes: list[int] = []
    size_bytes = options.get("size_bytes", len(MODEL))
    download.fetch(f"{publisher.url}/model.bin", part, size_bytes=size_bytes, on_size=sizes.append)
    return sizes


def test_fetch_brings_the_file_and_tells_how_much_is_there(publisher: Publisher, part: Path) -> None:
    sizes = fetch(publisher, part)

    assert part.read_bytes() == MODEL
    assert sizes == sorted(sizes)
    assert sizes[-1] == len(MODEL)


def test_fetch_goes_on_after_what_is_there(publisher: Publisher, part: Path) -> None:
    part.write_bytes(MODEL[:1000])

    sizes = fetch(publisher, part)

    assert part.read_bytes() == MODEL
    assert publisher.requests == [("/model.bin", "bytes=1000-")]
    assert sizes[0] > 1000


def test_fetch_asks_nobody_for_a_file_that_is_complete(publisher: Publisher, part: Path) -> None:
    part.write_bytes(MODEL)

    fetch(publisher, part)

    assert publisher.requests == []


def test_fetch_takes_up_cut_connections(publisher: Publisher, part: Path) -> None:
    publisher.cuts = [1000, 500]

    fetch(publisher, part)

    assert part.read_bytes() == MODEL
    assert publisher.requests == [("/model.bin", ""), ("/model.bin", "bytes=1000-"), ("/model.bin", "bytes=1500-")]


def test_fetch_starts_again_where_the_host_knows_no_ranges(publisher: Publisher, part: Path) -> None:
    publisher.knows_ranges = False
    part.write_bytes(b"x" * 1000)

    fetch(publisher, part)

    assert part.read_bytes() == MODEL


def test_fetch_takes_no_more_than_the_file_may_have(publisher: Publisher, part: Path) -> None:
    publisher.told_bytes = -1

    fetch(publisher, part, size_bytes=1000)

    assert part.read_bytes() == MODEL[:1000]


@pytest.mark.parametrize("start", [0, 1000])
@pytest.mark.parametrize("lie", [-50_000, 50_000])
def test_fetch_refuses_at_once_a_file_that_is_said_to_have_another_size(
    publisher: Publisher, part: Path, lie: int, start: int
) -> None:
    part.write_bytes(MODEL[:start])
    publisher.told_bytes = len(MODEL) + lie

    with pytest.raises(
        WeightsError, match=rf"has another model\.bin: it is {len(MODEL) + lie:,} bytes long and must be"
    ):
        fetch(publisher, part)

    assert part.read_bytes() == MODEL[:start]
    assert len(publisher.requests) == 1


def test_fetch_gives_up_where_nothing_more_comes_and_keeps_what_came(publisher: Publisher, part: Path) -> None:
    publisher.cuts = [1000] + [0] * 20

    with pytest.raises(WeightsError, match="did not deliver model.bin: the connection was cut"):
        fetch(publisher, part)

    assert part.read_bytes() == MODEL[:1000]
    assert len(publisher.requests) == 1 + download.PATIENCE + 1


def test_fetch_gives_up_at_once_where_the_file_is_not(publisher: Publisher, part: Path) -> None:
    publisher.files = {}

    with pytest.raises(WeightsError, match=r"The publisher \(127.0.0.1\) did not deliver .* it answered 404"):
        fetch(publisher, part)

    assert len(publisher.requests) == 1


def test_fetch_gives_up_at_once_where_nobody_listens(part: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    started = time.monotonic()

    with pytest.raises(WeightsError, match="it could not be reached"):
        download.fetch(f"http://127.0.0.1:{port}/model.bin", part, size_bytes=10)

    assert time.monotonic() - started < download.TIMEOUT_SECONDS


def test_fetch_gives_up_soon_where_a_host_is_silent(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/model.bin"

        with pytest.raises(WeightsError, match="did not deliver model.bin"):
            download.fetch(url, part, size_bytes=10)
