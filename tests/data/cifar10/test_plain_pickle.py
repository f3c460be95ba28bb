from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.data.cifar10 import plain_pickle
from edgebench.data.cifar10.plain_pickle import NotPlain, loads

PYTHON_2 = (
    b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05"
    b"(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    b"\x89U\x06abcdeftbU\x06labels]q\x08(K\x03K\x04eu."
)
"""As Python 2 wrote the published batches."""


class Calls:
    """Runs a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._what = function, arguments

    def __reduce__(self) -> Any:
        return self._what


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_plain_data_come_back(protocol: int) -> None:
    value = {
        "data": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "labels": [1, 2**40, -3],
        "name": "é",
        "rest": (None, True),
    }
    found = loads(pickle.dumps(value, protocol=protocol))
    assert np.array_equal(found.pop("data"), value.pop("data"))  # type: ignore[arg-type]
    assert found == value


def test_what_python_2_wrote() -> None:
    found = loads(PYTHON_2)
    assert found[b"data"].tolist() == [[97, 98, 99], [100, 101, 102]]
    assert found[b"labels"] == [3, 4]


def test_arrays_of_other_order_and_type() -> None:
    for array in (np.asfortranarray(np.arange(6).reshape(2, 3)), np.arange(3, dtype=np.float32)):
        assert np.array_equal(loads(pickle.dumps(array, protocol=2)), array)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_nothing_runs(protocol: int, tmp_path: Path) -> None:
    file = tmp_path / "made"
    for evil in (Calls(os.system, f"touch {file}"), Calls(eval, "1"), Calls(getattr, "x", "upper"), OrderedDict(a=1)):
        with pytest.raises(NotPlain, match="would run code"):
            loads(pickle.dumps({"data": evil}, protocol=protocol))
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x80\x02", b"(lp0\n", b"N", b"}.x"[:1], b"\x80\x02K\x01K\x02s.", b"\x80\x02]K\x01a", b"h\x05.", b"0.",
        b"t.", b"\x80\x02\x8a\xff", b"\x8c\xff.", b"cnumpy\nndarray\n)R.",
        b"\x80\x02c_codecs\nencode\n(X\x01\x00\x00\x00aX\x04\x00\x00\x00utf8tR.",
    ],
)  # fmt: skip
def test_damaged_ones_are_refused(content: bytes) -> None:
    with pytest.raises(NotPlain):
        loads(content)


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotPlain, match="shape does not fit"):
        loads(PYTHON_2.replace(b"K\x02K\x03\x86", b"K\x09K\x03\x86"))
    with pytest.raises(NotPlain):  # a memo of two thousand million entries is not made
        loads(b"\x80\x02Nr\xff\xff\xff\x7f0h\x01.")
    with pytest.raises(NotPlain, match="key"):  # hashing it would exhaust the stack
        loads(b"\x80\x02}" + b")" + b"\x85" * 200_000 + b"K\x01s.")
    monkeypatch.setattr(plain_pickle, "OPCODES", 100)
    with pytest.raises(NotPlain, match="too many"):
        loads(pickle.dumps(list(range(200)), protocol=0))
    monkeypatch.setattr(plain_pickle, "ENCODED_BYTES", 1000)
    twice = b"\x80\x02c_codecs\nencode\nq\x01(X\x90\x01\x00\x00" + b"a" * 400 + b"X\x06\x00\x00\x00latin1tq\x02R"
    with pytest.raises(NotPlain, match="too large"):
        loads(twice + b"h\x01h\x02R" * 9 + b"N.")
