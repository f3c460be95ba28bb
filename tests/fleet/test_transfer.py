"""Contents there and results back; a worker that answers with anything changes nothing but its own results."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from edgebench.core.errors import RemoteError
from edgebench.fleet import transfer
from edgebench.fleet.messages import PIECE, Told
from edgebench.fleet.transfer import Results, send
from edgebench.remote.bundles.layout import Entry
from edgebench.remote.transfer import FILE_BYTES

BIG = bytes(range(256)) * (PIECE // 256) + b"the end"


def told(*contents: str) -> Told:
    return Told("t", "tcp://x", "board", "need", contents=contents)


def test_contents_go_in_pieces_and_small_ones_together(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BIG)
    contents: dict[str, bytes | Path] = {hashlib.sha256(data).hexdigest(): data for data in (b"", b"a", b"bc")}
    sizes = {name: len(data) for name, data in contents.items() if isinstance(data, bytes)}
    big = hashlib.sha256(BIG).hexdigest()
    contents[big], sizes[big] = tmp_path / "big", len(BIG)
    got, calls = dict[str, bytes](), []

    def call(op: str, pieces: list[tuple[str, int, int, bytes]]) -> list[bool]:
        calls.append(op)
        assert sum(len(data) for *_, data in pieces) <= PIECE
        for name, size, offset, data in pieces:
            assert size == sizes[name] and offset == len(got.get(name, b""))
            got[name] = got.get(name, b"") + data
        return [len(got[name]) == size for name, size, *_ in pieces]

    send(call, {name: Entry(name, size) for name, size in sizes.items()}, contents, told(*contents))
    assert {name: hashlib.sha256(data).hexdigest() for name, data in got.items()} == {name: name for name in sizes}
    assert len(calls) == 3, "the small ones, and two pieces of the big one"


@pytest.mark.parametrize("answer", [[False], None, [], [1], "yes", [True, True]])
def test_contents_that_never_arrive_whole_are_an_error(answer: Any) -> None:
    one = Entry("ab", 3)
    with pytest.raises(RemoteError, match="board"):
        send(lambda *_, **__: answer, {"a": one}, {"ab": b"abc"}, told("ab"))


def test_only_contents_of_the_request_are_sent() -> None:
    with pytest.raises(RemoteError, match="passwd"):
        send(
            lambda *_, **__: pytest.fail("nothing is sent"), {"a": Entry("ab", 3)}, {"ab": b"abc"}, told("/etc/passwd")
        )


def results(files: dict[str, bytes]) -> Results:
    def call(op: str, session: str, wanted: list[tuple[str, int]]) -> Any:
        assert (op, session) == ("edgebench-fetch", "s")
        found, left = [], PIECE
        for name, offset in wanted:
            data = files.get(name)
            found.append((b"", -1) if data is None else (data[offset : offset + left], len(data)))
            left -= len(found[-1][0])
            if left <= 0:
                break
        return found

    return Results(call, "s", "board")


def test_results_are_fetched_many_at_once(tmp_path: Path) -> None:
    files = {"a": b"1", "b/c": BIG, "d": b"3"}
    results(files).get(["a", "missing", "b/c", "d"], tmp_path)
    assert {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == files


@pytest.mark.parametrize(
    "answer",
    [
        None, [], 5, "text", [(b"x", 1), (b"y", 1)], [(b"x",)], [(b"x", "1")], [(b"x", True)], [("x", 1)],
        [(b"x" * (PIECE + 1), PIECE + 1)], [(b"x", FILE_BYTES + 1)], [b"x"], {"a": 1},
    ],
)  # fmt: skip
def test_an_answer_that_is_none(answer: Any, tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match=r"^board: "):
        Results(lambda *_, **__: answer, "s", "board").get(["a"], tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_file_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "ALL_BYTES", 100)
    with pytest.raises(RemoteError, match="GB"):
        Results(lambda *_, **__: [(b"x" * 60, 200)], "s", "board").get(["a"], tmp_path)


def test_a_file_that_shrinks_is_refused(tmp_path: Path) -> None:
    answers = iter([[(b"x", 5)], [(b"", 5)]])
    with pytest.raises(RemoteError, match="changed"):
        Results(lambda *_, **__: next(answers), "s", "board").get(["a"], tmp_path)
