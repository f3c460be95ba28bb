from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import requests
import snapshots
from physionet import PhysioNet

from edgebench.core.errors import DataError, DownloadError
from edgebench.data.fetching.download import TRIES
from edgebench.data.ptbxl.fetch import Fetched, fetch

FIRST = "records100/00000/00006_lr.dat"  # of fold 10
FOLD_10 = {f"records100/00000/{i:05d}_lr{suffix}" for i in (6, 12, 18, 24) for suffix in (".hea", ".dat")}
TABLES = {"ptbxl_database.csv", "scp_statements.csv"}


def files_in(folder: Path) -> set[str]:
    return {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()} - {"SHA256SUMS.txt"}


def same(server: PhysioNet, folder: Path) -> bool:
    return all((folder / f).read_bytes() == (server.folder / f).read_bytes() for f in files_in(folder))


def test_fetches_the_asked_for_folds_and_nothing_else(server: PhysioNet, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    home = tmp_path / "deep" / "home"
    done = fetch(home, [10], url=server.url, progress=lambda i, n: steps.append((i, n)))
    assert done == Fetched(home, records=4, downloaded=10)
    assert files_in(home) == FOLD_10 | TABLES and same(server, home)
    assert steps == [(i, 8) for i in range(1, 9)]


def test_a_second_call_downloads_nothing_and_another_fold_only_itself(server: PhysioNet, tmp_path: Path) -> None:
    fetch(tmp_path / "home", [10], url=server.url)
    server.seen.clear()
    assert fetch(tmp_path / "home", [10], url=server.url).downloaded == 0
    assert server.seen == [("SHA256SUMS.txt", 0)]
    assert fetch(tmp_path / "home", [9, 10, 9], url=server.url) == Fetched(tmp_path / "home", 8, 8)
    assert same(server, tmp_path / "home")


def test_a_damaged_file_on_disk_is_fetched_again(server: PhysioNet, tmp_path: Path) -> None:
    fetch(tmp_path / "home", [10], url=server.url)
    (tmp_path / "home" / FIRST).write_bytes(b"half")
    assert fetch(tmp_path / "home", [10], url=server.url).downloaded == 1
    assert same(server, tmp_path / "home")


def test_a_broken_connection_goes_on_where_it_ended(server: PhysioNet, tmp_path: Path) -> None:
    server.cuts.update({FIRST: 2, "ptbxl_database.csv": 1})
    fetch(tmp_path / "home", [10], url=server.url)
    first, second, third = server.asked(FIRST)
    assert first == 0 < second <= 12_000 and second < third <= 18_000
    assert len(server.asked("ptbxl_database.csv")) == 2
    assert files_in(tmp_path / "home") == FOLD_10 | TABLES and same(server, tmp_path / "home")


def test_a_later_call_goes_on_too(server: PhysioNet, tmp_path: Path) -> None:
    server.cuts[FIRST] = 100
    with pytest.raises(DownloadError, match=f"{FIRST}: "):
        fetch(tmp_path / "home", [10], url=server.url)
    assert len(server.asked(FIRST)) == TRIES
    assert not (tmp_path / "home" / FIRST).exists()
    have = (tmp_path / "home" / f"{FIRST}.part").stat().st_size
    server.cuts.clear()
    server.seen.clear()
    fetch(tmp_path / "home", [10], url=server.url)
    assert server.asked(FIRST) == [have] and 8_000 < have < 24_000
    assert files_in(tmp_path / "home") == FOLD_10 | TABLES and same(server, tmp_path / "home")


@pytest.mark.parametrize("extra", [b"", b"too long"])
def test_a_part_with_nothing_left_to_send(server: PhysioNet, tmp_path: Path, extra: bytes) -> None:
    part = tmp_path / "home" / f"{FIRST}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes((server.folder / FIRST).read_bytes() + extra)
    fetch(tmp_path / "home", [10], url=server.url)
    assert server.asked(FIRST) == ([0] if extra else []), "a whole part is not asked for, a longer one is dropped"
    assert files_in(tmp_path / "home") == FOLD_10 | TABLES and same(server, tmp_path / "home")


def test_a_server_that_cannot_resume_sends_it_whole(server: PhysioNet, tmp_path: Path) -> None:
    server.ranges = False
    server.cuts[FIRST] = 1
    fetch(tmp_path / "home", [10], url=server.url)
    assert server.asked(FIRST) == [0, 0] and same(server, tmp_path / "home")


def test_a_damaged_answer_is_fetched_again(server: PhysioNet, tmp_path: Path) -> None:
    server.damages[FIRST] = 1
    fetch(tmp_path / "home", [10], url=server.url)
    assert server.asked(FIRST) == [0, 0] and same(server, tmp_path / "home")


def test_what_is_never_as_published_is_not_kept(server: PhysioNet, tmp_path: Path) -> None:
    server.damages[FIRST] = 100
    with pytest.raises(DownloadError, match=rf"{FIRST}: .*SHA-256.*\b{TRIES}\b") as no:
        fetch(tmp_path / "home", [10], url=server.url)
    assert "\n" not in str(no.value) and len(server.asked(FIRST)) == TRIES
    assert FIRST not in files_in(tmp_path / "home") and f"{FIRST}.part" not in files_in(tmp_path / "home")


def test_a_file_that_the_server_lacks_is_asked_for_once(server: PhysioNet, tmp_path: Path) -> None:
    (server.folder / FIRST).unlink()
    with pytest.raises(DownloadError, match=rf"{FIRST}: .*\b404\b"):
        fetch(tmp_path / "home", [10], url=server.url)
    assert server.asked(FIRST) == [0]


def test_an_address_that_is_not_ptbxls(server: PhysioNet, tmp_path: Path) -> None:
    (server.folder / "SHA256SUMS.txt").write_text(f"{'0' * 64}  another.csv\n")
    with pytest.raises(DownloadError, match=r"SHA256SUMS\.txt .*ptbxl_database\.csv"):
        fetch(tmp_path / "home", [10], url=server.url)
    with pytest.raises(DownloadError, match=r"SHA256SUMS\.txt: .*\b404\b"):
        fetch(tmp_path / "home", [10], url=server.url + "elsewhere")


def test_a_server_that_is_not_there(server: PhysioNet, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=rf"{os.strerror(errno.ECONNREFUSED)}.*\b{TRIES}\b") as caught:
        fetch(tmp_path / "home", [10], url="http://127.0.0.1:1/")
    assert "\n" not in str(caught.value)


def test_a_name_that_leads_out_of_the_folder_is_refused(server: PhysioNet, tmp_path: Path) -> None:
    table = server.folder / "ptbxl_database.csv"
    table.write_text(table.read_text().replace("records100/00000/00006_lr", "../evil/00006_lr"))
    server.publish()
    with (server.folder / "SHA256SUMS.txt").open("a") as sums:
        sums.writelines(f"{'0' * 64}  ../evil/00006_lr{suffix}\n" for suffix in (".hea", ".dat"))
    with pytest.raises(DataError, match=r"'\.\./evil/00006_lr"):
        fetch(tmp_path / "home", [10], url=server.url)
    assert not (tmp_path / "evil").exists() and not any("evil" in name for name, _ in server.seen)


@pytest.mark.parametrize("folds", [[0], [11], [9, 12], []])
def test_folds_that_do_not_exist(tmp_path: Path, folds: list[int]) -> None:
    with pytest.raises(DataError, match=r"\b1 to 10\b"):
        fetch(tmp_path / "home", folds, url="http://127.0.0.1:1/")


def test_a_rate_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\b250\b.*\b100\b.*\b500\b"):
        fetch(tmp_path / "home", rate_hz=250, url="http://127.0.0.1:1/")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ReadTimeout("HTTPSConnectionPool(...)"),
        requests.exceptions.SSLError("certificate verify failed"),
        requests.exceptions.ProxyError("Cannot connect"),
        requests.exceptions.ChunkedEncodingError("IncompleteRead(3)"),
        requests.exceptions.ConnectionError("Max retries"),
        requests.exceptions.TooManyRedirects("Exceeded 30"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_fails_is_told_in_plain_words(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(requests.Session, "get", fails)
    monkeypatch.setattr("edgebench.data.fetching.download.TRIES", 1)
    with pytest.raises(DownloadError, match=r"SHA256SUMS\.txt: ") as caught:
        fetch(tmp_path / "home", [10], url="http://127.0.0.1:1/")
    assert str(error) not in str(caught.value), "the library's words"
    snapshots.check_line("errors-download", type(error).__name__, str(caught.value))
