"""`python -m edgebench`, and the command `edgebench`."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the working directory: `python -m` puts it before the standard library

import importlib.util
import io

WHOLE = ("rich", "typer")
"""What the whole command line needs; a device that only measures may lack them."""


def main() -> None:
    """The command line, or where its packages are missing the device's; exit code 130 on Ctrl-C."""
    try:
        from edgebench.isolation.python import keep_working_directory_out

        keep_working_directory_out()
        from edgebench.isolation import interrupts
    except KeyboardInterrupt:  # it is not remembered yet
        sys.exit(130)
    interrupts.run(_main)


def _main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign that an old locale lacks is no reason to break off
    if all(importlib.util.find_spec(name) for name in WHOLE):
        from edgebench.cli.app import main as whole

        whole()
    else:
        from edgebench.cli.device import main as device

        device()


if __name__ == "__main__":
    main()
