"""One answer of a server: its bytes as they are sent, no more than the file has, redirected to no less safe place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from edgebench.core.errors import DownloadError, MissingPackage

if TYPE_CHECKING:
    import requests

TIMEOUT_S = 30
"""For the connection, and for each piece."""
CHUNK = 1 << 12
"""Bytes that a broken connection costs at most; a 100 Hz record has only 24,000."""
MOST_REDIRECTS = 5


class Refused(DownloadError):  # noqa: N818 - the name says what happened
    """An answer that would not become better by asking again."""


class Broken(Exception):  # noqa: N818
    """A connection or an answer that failed; the text says how, in plain words."""


class Connections:
    """Sessions with one server, one a thread."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        """Close all that are idle."""
        for session in self._sessions:
            session.close()

    @contextmanager
    def open(self, url: str, start: int = 0) -> Iterator[requests.Response]:
        """Ask for a file from byte `start` on. Raises Broken, Refused, MissingPackage; ValueError for no address."""
        session = self._session()
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        for _ in range(MOST_REDIRECTS + 1):
            with _in_words(), session.get(
                url, headers=headers, stream=True, timeout=TIMEOUT_S, allow_redirects=False
            ) as response:  # fmt: skip
                if not response.is_redirect:
                    yield response
                    return
                url = _redirected(url, response.headers["location"])
        raise Refused(f"more than {MOST_REDIRECTS} redirects")

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            try:
                import requests
            except ModuleNotFoundError:
                raise MissingPackage("requests", "data", "fetching data") from None
            self._local.session = requests.Session()
            # To look at a redirect, requests would read the whole body, however long.
            setattr(self._local.session, "resolve_redirects", lambda *_, **__: iter(()))  # noqa: B010
            self._sessions.append(self._local.session)
        session: requests.Session = self._local.session
        return session


def pieces(response: requests.Response, most: int) -> Iterator[bytes]:
    """The body in pieces of CHUNK bytes; raises Refused beyond `most` bytes, and Broken where it ends too early."""
    # Compressed bytes were not asked for, and a few of them may stand for any number.
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused("it came compressed, which was not asked for")
    announced = response.headers.get("Content-Length", "")
    length = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 20 else None
    received = 0
    while received <= most and (length or 0) <= most:
        piece: bytes = response.raw.read(CHUNK, decode_content=False)
        received += len(piece)
        if not piece:
            if length is not None and received < length:
                raise Broken("the connection broke off")
            return
        if received <= most:
            yield piece
    raise Refused(f"it is longer than the {most} bytes that it may have")


def _redirected(url: str, location: str) -> str:
    """The address that an answer leads to; raises Refused for one that is less safe."""
    try:
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme
    except ValueError:
        scheme, target = "", location
    if scheme != "https" and scheme != urlsplit(url).scheme:
        raise Refused(f"it is redirected to {target[:100]!r}, which is not https")
    return target


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn the library's exceptions into Broken; their own text names objects and memory addresses."""
    import requests
    import urllib3

    try:
        yield
    except requests.exceptions.SSLError:
        raise Broken("the server's certificate could not be checked") from None
    except requests.exceptions.ProxyError:
        raise Broken("no connection through the proxy") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        raise Broken(f"no answer within {TIMEOUT_S} s") from None
    except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.HTTPError):
        raise Broken("the connection broke off") from None
    except requests.exceptions.ConnectionError as error:
        reason = _reason(error)
        raise Broken("no connection to the server" + (f" ({reason})" if reason else "")) from None
    except requests.RequestException as error:
        if isinstance(error, ValueError):  # a malformed address
            raise
        raise Broken(f"the request failed ({type(error).__name__})") from None


def _reason(error: BaseException) -> str:
    """The system's message, such as `Connection refused`, from the error that began it; empty where none is."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        inner = [a for a in seen.args if isinstance(a, BaseException)]
        seen = seen.__cause__ or seen.__context__ or (inner[0] if inner else None)
    return ""
