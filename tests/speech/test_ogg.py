from pathlib import Path

from speech.ogg import BLOCK_BYTES, read_pages


def test_pages_cover_the_file(data: Path):
    path = data / "jfk.opus"
    with path.open("rb") as file:
        pages = list(read_pages(file))

    assert [page.start for page in pages] == [0, *[page.end for page in pages[:-1]]]
    assert pages[-1].end == path.stat().st_size
    assert all(page.is_whole for page in pages)
    assert (pages[-1].granule - 312) / 48_000 == 11.0  # RFC 7845: less what the decoder needs to begin.


def test_damaged_pages_are_told_and_what_follows_is_found(data: Path, tmp_path: Path):
    content = bytearray((data / "jfk.opus").read_bytes())
    with (data / "jfk.opus").open("rb") as file:
        third, fourth = list(read_pages(file))[3:5]
    content[third.start + 26] = 255  # The page is wrong about its own length.
    content[fourth.start : fourth.start] = bytes(2 * BLOCK_BYTES)
    (tmp_path / "damaged.opus").write_bytes(content)

    with (tmp_path / "damaged.opus").open("rb") as file:
        pages = list(read_pages(file))

    assert [page.is_whole for page in pages[:5]] == [True, True, True, False, True]
    assert pages[4].start == fourth.start + 2 * BLOCK_BYTES
