"""A server that wants to fill the disk or the memory, or to lead elsewhere."""

from __future__ import annotations

import gzip
import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from physionet import PhysioNet, answer, endless

from edgebench.core.errors import DownloadError
from edgebench.data.fetching.connection import MOST_REDIRECTS, Refused, _redirected
from edgebench.data.ptbxl.fetch import fetch

DAT, HEA = "records100/00000/00006_lr.dat", "records100/00000/00006_lr.hea"


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", [DAT, HEA, "scp_statements.csv"])
@pytest.mark.parametrize("how", ["no end", "chunks without end", "a length", "a length beyond all"])
def test_a_file_that_does_not_end_stops_at_its_size(
    server: PhysioNet, tmp_path: Path, name: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgebench.data.ptbxl.tables.MOST_BYTES", 1 << 20)
    server.instead[name] = {
        "no end": endless(bytes(1 << 16)),
        "chunks without end": endless(b"1000\r\n" + bytes(4096) + b"\r\n", Transfer_Encoding="chunked"),
        "a length": endless(bytes(1 << 16), Content_Length=str(10**12)),
        "a length beyond all": endless(bytes(1 << 16), Content_Length="9" * 400),
    }[how]
    with pytest.raises(DownloadError, match=rf"{name}: .*\d") as caught:
        fetch(tmp_path / "home", [10], url=server.url)
    assert "\n" not in str(caught.value)
    assert size(tmp_path / "home") < 2 << 20 and not (tmp_path / "home" / name).exists()
    assert server.asked(name) == [0], "asking again would not help"


def test_compressed_answers_are_not_unpacked(server: PhysioNet, tmp_path: Path) -> None:
    server.instead[DAT] = answer(body=gzip.compress(bytes(10**7)), Content_Encoding="gzip")
    with pytest.raises(DownloadError, match=f"{DAT}: "):
        fetch(tmp_path / "home", [10], url=server.url)
    assert server.asked(DAT) == [0] and not (tmp_path / "home" / DAT).exists()


@pytest.mark.parametrize("where", ["ftp://127.0.0.1/x", "file:///etc/passwd", "//[", "gopher:x"])
def test_redirects_to_other_kinds_of_places(server: PhysioNet, tmp_path: Path, where: str) -> None:
    server.instead[DAT] = answer(302, Location=where)
    with pytest.raises(DownloadError, match=f"{DAT}: .*{re.escape(where)}"):
        fetch(tmp_path / "home", [10], url=server.url)
    assert server.asked(DAT) == [0]


def test_a_redirect_whose_text_does_not_end(server: PhysioNet, tmp_path: Path) -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        answer(302, Location="file:///x")(handler)
        try:
            while True:
                handler.wfile.write(bytes(1 << 16))
        except OSError:
            pass

    server.instead[DAT] = send
    with pytest.raises(DownloadError, match=f"{DAT}: .*file:///x"):
        fetch(tmp_path / "home", [10], url=server.url)


def test_redirects_of_the_same_kind(server: PhysioNet, tmp_path: Path) -> None:
    (server.folder / "moved").write_bytes((server.folder / DAT).read_bytes())
    server.instead[DAT] = answer(302, Location="/moved")
    fetch(tmp_path / "home", [10], url=server.url)
    assert (tmp_path / "home" / DAT).read_bytes() == (server.folder / DAT).read_bytes()
    server.instead[DAT] = answer(302, Location=f"/{DAT}")
    (tmp_path / "home" / DAT).unlink()
    with pytest.raises(DownloadError, match=rf"{DAT}: .*\b{MOST_REDIRECTS}\b"):
        fetch(tmp_path / "home", [10], url=server.url)


@pytest.mark.parametrize(
    ("start", "to", "allowed"),
    [
        ("https://a/x", "http://a/x", False),
        ("https://a/x", "https://b/x", True),
        ("https://a/x", "/y", True),
        ("http://a/x", "https://a/x", True),
        ("http://a/x", "http://b/x", True),
        ("https://a/x", "//[", False),
    ],
)
def test_a_redirect_is_never_less_safe(start: str, to: str, allowed: bool) -> None:
    if allowed:
        assert _redirected(start, to).startswith(("http://", "https://"))
    else:
        with pytest.raises(Refused):
            _redirected(start, to)
