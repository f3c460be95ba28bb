"""A device that does not do what EdgeBench's agent does: real sshd, the real agent, and lines that change it."""

from __future__ import annotations

import sys
from typing import Any

from ssh_server import Server

from edgebench.core import target_profiles
from edgebench.core.cells import Target
from edgebench.measuring import environment

BEGINNING = f"""#!{sys.executable}
import json, os, sys, time
{{greeting}}
count = int(sys.stdin.buffer.readline())
space = {{{{"__name__": "agent"}}}}
exec(compile(sys.stdin.buffer.read(count), "agent", "exec"), space)
Agent = space["Agent"]
{{changes}}
Agent().serve()
"""


def device(server: Server, changes: str = "", greeting: str = "", **fields: Any) -> Target:
    """A target whose Python is a program that runs `greeting`, then the agent with `changes`."""
    program = server.folder / "agent-there"
    program.write_text(BEGINNING.format(changes=changes, greeting=greeting))
    program.chmod(0o755)
    given: dict[str, Any] = {"ssh_python": str(program), "ssh_packages": "as-is", **fields}
    return target_profiles.find(str(server.target(**given)), environment.machine())
