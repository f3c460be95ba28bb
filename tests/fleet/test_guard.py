"""What a peer of Dask may send: no pickle that names anything but EdgeBench's task."""

from __future__ import annotations

import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edgebench.fleet import guard, work


class Evil:
    """Its pickle calls a function where it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture(autouse=True)
def _installed() -> None:
    guard.install()


@pytest.mark.parametrize("named", [os.system, subprocess.Popen, eval, getattr, pickle.loads, guard.install])
def test_no_other_function_is_named(named: Any) -> None:
    from distributed.protocol import pickle as of_dask

    with pytest.raises(guard.Refused):
        of_dask.loads(pickle.dumps(named))
    with pytest.raises(guard.Refused):
        of_dask.loads(of_dask.dumps(lambda: named))


def test_nothing_is_called_before_it_is_refused(tmp_path: Path) -> None:
    from distributed.protocol import pickle as of_dask
    from distributed.protocol.serialize import deserialize, serialize

    with pytest.raises(guard.Refused):
        of_dask.loads(pickle.dumps(Evil(tmp_path / "made")))
    header, frames = serialize(Evil(tmp_path / "made"))
    with pytest.raises(guard.Refused):
        deserialize(header, frames)
    assert not (tmp_path / "made").exists()


def test_the_task_and_plain_values_pass() -> None:
    from dask._task_spec import Task
    from distributed.protocol import pickle as of_dask

    task = of_dask.loads(of_dask.dumps(Task("key", work.perform, b"request")))
    assert task.func is work.perform
    assert of_dask.loads(of_dask.dumps({"a": [1, b"x", "y"]})) == {"a": [1, b"x", "y"]}


def test_a_long_message_is_refused_before_it_is_read() -> None:
    import asyncio

    from distributed.comm import tcp

    class Unread:
        """A stream that nobody may read."""

    with pytest.raises(guard.Refused):
        asyncio.run(tcp.read_bytes_rw(Unread(), guard.MOST_BYTES + 1))
