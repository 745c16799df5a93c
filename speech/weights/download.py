"""Fetch one file from its publisher over HTTP, going on where an earlier try ended."""

import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from speech.weights.types import WeightsError

TIMEOUT_SECONDS = 5.0
"""For connecting and between two blocks. A closed network must be noticed soon: the next source is waiting."""
PATIENCE = 4
"""How many tries in a row may bring nothing, once the host has sent something."""
PAUSE_SECONDS = 1.0
BLOCK_BYTES = 1 << 18
USER_AGENT = "selenite"
REFUSED = (401, 403)


def fetch(
    url: str, part: Path, *, size_bytes: int, token: str = "", on_size: Callable[[int], None] = lambda _: None
) -> None:
    """Bring `part` to its full size from `url`; what is there already is kept and not asked for again.

    `token` is shown to the host of the address, and to no other that it sends us on to. Cut connections are taken up again as
    long as they bring something. Raises WeightsError where they do not, and at once where the host says that its file has
    another size; what came is kept. The content is not checked here.
    """
    idle, have = 0, _size_of(part)
    answered = False
    while have < size_bytes:
        before = have
        try:
            _fetch_once(url, part, size_bytes=size_bytes, token=token, on_size=on_size)
            reason = "the connection was cut"
        except (HTTPError, URLError, HTTPException, TimeoutError, ConnectionError) as err:
            reason = _explain(err, has_token=bool(token))
        have = _size_of(part)
        answered = answered or have > before
        idle = 0 if have > before else idle + 1
        if have < size_bytes and idle and (not answered or idle > PATIENCE):
            raise WeightsError(f"The publisher ({urlsplit(url).hostname}) did not deliver {part.stem}: {reason}.")
        time.sleep(PAUSE_SECONDS * idle)


def _fetch_once(url: str, part: Path, *, size_bytes: int, token: str, on_size: Callable[[int], None]) -> None:
    """Append what is missing, or start again where the host does not know parts of files."""
    start = _size_of(part)
    # The address comes from the catalogue, never from a person.
    request = Request(  # noqa: S310
        url, headers={"User-Agent": USER_AGENT, **({"Range": f"bytes={start}-"} if start else {})}
    )
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        continues = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        _check_size(url, part, response, size_bytes=size_bytes)
        with part.open("ab" if continues else "wb") as file:
            _copy(response, file.write, at=file.tell(), size_bytes=size_bytes, on_size=on_size)


def _check_size(url: str, part: Path, response: HTTPResponse, *, size_bytes: int) -> None:
    """Raise WeightsError where the host says that the file is not as long as it must be."""
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    told = whole if response.status == 206 else response.headers.get("Content-Length", "")
    if told.isdigit() and int(told) != size_bytes:
        raise WeightsError(
            f"The publisher ({urlsplit(url).hostname}) has another {part.stem}: "
            f"it is {int(told):,} bytes long and must be {size_bytes:,}."
        )


def _copy(
    response: HTTPResponse, write: Callable[[bytes], int], *, at: int, size_bytes: int, on_size: Callable[[int], None]
) -> None:
    """Write blocks up to the size that the file must have: a host cannot fill the disk."""
    while at < size_bytes and (block := response.read1(min(BLOCK_BYTES, size_bytes - at))):
        write(block)
        at += len(block)
        on_size(at)


def _explain(err: Exception, *, has_token: bool) -> str:
    if isinstance(err, HTTPError) and err.code in REFUSED and has_token:
        return f"it refused the token ({err.code}): it is wrong, or its owner has not accepted the terms"
    if isinstance(err, HTTPError):
        return f"it answered {err.code} {err.reason}"
    if isinstance(err, URLError):
        return f"it could not be reached ({getattr(err.reason, 'strerror', None) or err.reason})"
    return f"the connection broke ({err or type(err).__name__})"


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
