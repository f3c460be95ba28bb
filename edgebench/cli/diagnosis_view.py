"""`edgebench doctor` on a terminal."""

from __future__ import annotations

from edgebench.cli.console import out
from edgebench.diagnosis import doctor
from edgebench.reports.columns import size
from edgebench.reports.plain import plain
from edgebench.reports.terminal import print_table


def show_diagnosis(target: str = "") -> None:
    """Print the machine, its runtimes, all targets, the sensors, and advice; those of a target's device, if one."""
    found = doctor(target)
    facts = found.facts
    print_table(
        out, ["machine", ""],
        [
            ["processor", f"{facts['board'] or facts['cpu']} ({facts['architecture']}, {facts['cores']} cores)"],
            ["instruction sets", ", ".join(facts["instruction_sets"]) or "none that int8 kernels use"],
            ["memory", size(facts["memory_bytes"]) if facts["memory_bytes"] else "unknown"],
            ["CUDA devices", ", ".join(facts["cuda"]) or "none"],
            *([] if target else [["quantized engines", ", ".join(found.engines) or "none (torch is not installed)"]]),
            ["packages", ", ".join(f"{k} {v}" for k, v in facts["packages"].items())],
        ],
    )  # fmt: skip
    for title, findings in (("runtime", found.runtimes), ("target", found.targets), ("sensor", found.sensors)):
        if findings:
            print_table(out, [title, "state", ""], [[f.subject, f.state, f.detail] for f in findings])
    for line in found.advice:
        out.print(plain(f"! {line}", "yellow"))
