"""A worker takes EdgeBench's tasks alone: whoever asks for anything else, with Dask's own client, gets nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fleet_processes import Processes

FOREIGN = """
import os, sys, asyncio
from pathlib import Path
from distributed import Client, WorkerPlugin

class Plugin(WorkerPlugin):
    def setup(self, worker):
        Path(sys.argv[2]).touch()

def touch(*_):
    Path(sys.argv[2]).touch()

async def main():
    async with Client(sys.argv[1], asynchronous=True, timeout=10) as client:
        worker, = (await client.scheduler.identity(n_workers=-1))["workers"]
        async def attempt(name, what):
            try:
                print(name, "gave", await asyncio.wait_for(what, 3))
            except BaseException as error:
                print(name, "refused", type(error).__name__)
        await attempt("submit", client.submit(os.mkdir, sys.argv[2], pure=False))
        await attempt("lambda", client.submit(lambda: touch(), pure=False))
        await attempt("run", client.run(os.mkdir, sys.argv[2]))
        await attempt("scheduler", client.run_on_scheduler(os.mkdir, sys.argv[2]))
        await attempt("plugin", client.register_plugin(Plugin()))
        await attempt("upload", client.scheduler.broadcast(
            msg={"op": "upload_file", "filename": "evil.py", "data": b"open(%r, 'w')" % sys.argv[2], "load": True}))
        await attempt("fetch", client.scheduler.broadcast(
            msg={"op": "edgebench-fetch", "session": "s", "wanted": [["../../../../etc/passwd", 0]]}))
        await attempt("session", client.scheduler.broadcast(
            msg={"op": "edgebench-fetch", "session": "../x", "wanted": [["a", 0]]}))
asyncio.run(main())
"""


def test_nothing_foreign_is_carried_out(cluster: Processes, tmp_path: Path) -> None:
    program = tmp_path / "foreign.py"
    program.write_text(FOREIGN)
    done = subprocess.run(
        [sys.executable, "-P", str(program), cluster.address, str(tmp_path / "made")], capture_output=True, text=True,
        timeout=120, env={**os.environ, "DASK_LOGGING__DISTRIBUTED": "critical"},
    )  # fmt: skip
    answers = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if " " in line}
    assert answers.pop("upload") == "gave" and ": None}" in done.stdout, "no such handler: Dask answers with nothing"
    assert answers == dict.fromkeys(
        ("submit", "lambda", "run", "scheduler", "plugin", "fetch", "session"), "refused"
    ), done.stdout + done.stderr
    assert not (tmp_path / "made").exists()
    assert all(process.poll() is None for process in cluster.workers.values())
    cluster.worker("later", "--build")  # the scheduler offers it the stranger's plug-in
    cluster.kill("later")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("request_", [b"", b"{}", b'{"do": "shell", "topic": "t", "task": "x"}'])
def test_a_request_that_is_none_is_answered(request_: bytes) -> None:
    from edgebench.fleet.messages import Reply, decoded
    from edgebench.fleet.node import Node

    answer = decoded(Reply, Node.perform(object(), request_), "here")  # type: ignore[arg-type]
    assert answer.status == "failed" and answer.reason
