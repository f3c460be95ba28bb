"""What travels is checked before it is used."""

from __future__ import annotations

import json

import pytest

from edgebench.core.errors import RemoteError
from edgebench.fleet.messages import Reply, Request, Told, decoded, encoded
from edgebench.remote.bundles.layout import Entry

REQUEST = Request("measure", "topic", "task", "abc123", "1.0", {"a": Entry("00", 1)}, {"x": [1]})


def test_records_come_back_as_they_were() -> None:
    assert decoded(Request, encoded(REQUEST), "here") == REQUEST
    told = Told("task", "tcp://x", "board", "need", contents=("ab",))
    assert decoded(Told, encoded(told), "here") == told


@pytest.mark.parametrize(
    "changed",
    [{"session": "../x"}, {"do": "shell"}, {"files": {"a": {"sha256": 1, "size": 1}}}, {"more": 1}, {"topic": None}],
)
def test_a_request_that_is_none(changed: dict[str, object]) -> None:
    data = json.loads(encoded(REQUEST)) | changed
    with pytest.raises(RemoteError, match=next(iter(changed))):
        decoded(Request, json.dumps(data).encode(), "here")


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 10**5, b"42", b"{}"])
def test_what_is_no_record(data: bytes) -> None:
    with pytest.raises(RemoteError, match=r"^here: "):
        decoded(Reply, data, "here")


def test_texts_of_others_are_safe_to_show() -> None:
    assert Reply("failed", "a\x1b[31m\nb" + "x" * 10**5).reason.isprintable()
    assert len(Told("t", "w", "x" * 1000, "line").name) <= 80
