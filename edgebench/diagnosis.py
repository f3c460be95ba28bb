"""The runtimes and targets that this machine supports, emulates or lacks, each with its reason."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import asdict, dataclass
from typing import Any

from edgebench.core import formats, registry, target_profiles
from edgebench.core.cells import Target
from edgebench.core.errors import EdgeBenchError, UnknownPlugin
from edgebench.core.installing import distribution
from edgebench.core.paths import AnyPath
from edgebench.core.tabular import Tabular
from edgebench.isolation import cgroup
from edgebench.measuring import energy, environment, nvidia, sensors, steadiness, summary

LOOK_S = 0.5
"""Seconds for which `doctor` watches the load of other processes."""


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis."""

    subject: str
    state: str
    """`ok`, `emulated`, `unsupported` or `missing`."""
    detail: str


@dataclass(frozen=True, repr=False)
class Diagnosis(Tabular):
    """The machine's facts, and the findings that follow from them, which are its table."""

    facts: dict[str, Any]
    engines: list[str]
    runtimes: list[Finding]
    targets: list[Finding]
    sensors: list[Finding]
    """The sensors of energy, temperature and throttling."""
    advice: list[str]

    def title(self) -> str:
        """The machine."""
        facts = self.facts
        return f"{facts['board'] or facts['cpu']}, {facts['threads']} threads, {facts['architecture']}"

    def records(self) -> list[dict[str, Any]]:
        """Each finding with its part."""
        parts = (("runtime", self.runtimes), ("target", self.targets), ("sensor", self.sensors))
        rows = [{"part": part, **asdict(one)} for part, findings in parts for one in findings]
        return [*rows, *({"part": "advice", "subject": "", "state": "", "detail": one} for one in self.advice)]


def doctor(target: AnyPath = "") -> Diagnosis:
    """Inspect this machine: processor, instruction sets, runtimes, quantized engines, and every target.

    With the profile of a `target` with `ssh`, that device is asked instead, and nothing is installed there. Raises
    PlanError for an unknown target, RemoteError.
    """
    if target:
        return _of_device(target_profiles.find(os.fspath(target), environment.machine()))
    facts = environment.describe()
    return Diagnosis(facts, _engines(), _runtimes(facts), _targets(facts), _sensors(facts), _advice(facts))


def _of_device(target: Target) -> Diagnosis:
    from edgebench.remote import facts as remote

    facts = remote.describe(target)
    runtimes = []
    for name in registry.names("runtimes"):
        reason = formats.unsupported(name, target.device, "", facts["architecture"])
        needed = [distribution(one) for one in formats.requirements(name, facts["architecture"])]
        there = all(one in facts["packages"] for one in needed)
        said = "" if there or reason else f"a run installs {' '.join(needed)} there"
        runtimes.append(Finding(f"{name} on {target.device}", "unsupported" if reason else "ok", reason or said))
    fit = target_profiles.fit("", (target.device,), target, facts)
    here = facts["board"] or facts["architecture"]
    wrong = f"the device is {here}, not {target.board or target.architecture}" if fit.emulated else ""
    state = "unsupported" if fit.reason or wrong else "ok"
    fits = [Finding(target.name, state, fit.reason or wrong or f"{target.ssh}, Python {facts['python']}")]
    return Diagnosis(facts, [], runtimes, fits, [], _advice(facts))


def plugins(kind: str = "") -> dict[str, dict[str, str]]:
    """Everything that is registered, or one kind of it, each with a line on what it is; imports no heavy package.

    Raises UnknownPlugin for a kind that does not exist.
    """
    known = [*registry.KINDS, "targets"]
    if kind and kind not in known:
        raise UnknownPlugin("kind", kind, known)
    return {k: _targets_known() if k == "targets" else _registered(k) for k in known if kind in ("", k)}


def _registered(kind: str) -> dict[str, str]:
    return {name: _summary(kind, name) for name in registry.names(kind)}


def _targets_known() -> dict[str, str]:
    machine = environment.machine()
    return {name: target_profiles.find(name, machine).description for name in target_profiles.names()}


def _summary(kind: str, name: str) -> str:
    if kind == "models":  # importing an architecture imports torch
        from edgebench.models import catalog, store

        if name not in store.shipped():
            return f"untrained: edgebench train {name} --data-dir DIR"
        manifest = store.described(name)
        split, scores = catalog.test_scores(manifest)
        texts = ", ".join(f"{metric.label} {metric.text(value)}" for metric, value in scores)
        return f"trained; {manifest.training.get('dataset', '')} {split}: {texts}" if texts else "trained"
    try:
        plugin = registry.load(kind, name)
    except EdgeBenchError as error:
        return str(error)
    text = (
        getattr(plugin, "summary", None)
        or getattr(plugin, "label", None)
        or next(iter((plugin.__doc__ or "").strip().splitlines()), "")
    )
    return str(text)


def _engines() -> list[str]:
    if importlib.util.find_spec("torch") is None:
        return []
    import torch

    return [e for e in torch.backends.quantized.supported_engines if e != "none"]


def _runtimes(facts: dict[str, Any]) -> list[Finding]:
    found = []
    for name in registry.names("runtimes"):
        runtime = registry.runtime(name)
        for device in ("cpu", "cuda"):
            reason = formats.unsupported(name, device, "", facts["architecture"]) or runtime.unavailable(device, "")
            if device == "cuda" and not facts["cuda"]:
                reason = "no CUDA device"
            state, said = ("missing", reason) if reason else ("ok", formats.ends_with(name))
            found.append(Finding(f"{name} on {device}", state, said))
    return found


def _targets(facts: dict[str, Any]) -> list[Finding]:
    found = []
    for name in target_profiles.names():
        target = target_profiles.find(name, facts)
        fit = target_profiles.fit("", (target.device,), target, facts)
        if fit.reason:
            found.append(Finding(name, "unsupported", fit.reason))
        elif fit.emulated:
            needed = target.board or target.architecture
            here = facts["board"] or facts["architecture"]
            what = fit.because or f"this machine is {here}, not {needed}"
            reason = f"{what}: size and score count, latency is not ranked"
            found.append(Finding(name, "emulated", reason))
        else:
            found.append(Finding(name, "ok", target.description))
    return found


def _sensors(facts: dict[str, Any]) -> list[Finding]:
    found = []
    for device in ("cpu", *(["cuda"] if facts["cuda"] else [])):
        meter = energy.meter(device)
        source = meter.source or ("PMIC, whole board's rails" if device == "cpu" and energy.watts() else "")
        found.append(Finding(f"energy, {device}", "ok" if source else "missing", source or meter.why_not))
    why_not = cgroup.unavailable()
    detail = f"by address space alone (RLIMIT_AS): {why_not}" if why_not else "by cgroup v2 (memory.max)"
    found.append(Finding("memory limit", "ok", detail))
    degrees = facts["temperature_c"]
    detail = f"{degrees:.0f} °C" if degrees is not None else "no thermal zone: --cool-down has nothing to wait for"
    found.append(Finding("temperature", "missing" if degrees is None else "ok", detail))
    others = steadiness.others(LOOK_S)
    detail = f"{others:.1f} of {len(steadiness.cores())} cores are busy with other work"
    busy = others > summary.NOISY_BACKGROUND
    found.append(
        Finding("load of others", "busy" if busy else "ok", f"{detail}: timings will be noisy" if busy else detail)
    )
    hertz = facts["frequency_hz"]
    detail = f"{hertz / 1e9:.2f} GHz, governor {facts['governor']}" if hertz else "the system does not show it"
    found.append(Finding("frequency", "ok" if hertz else "missing", detail))
    counters = sensors.throttle_counters()
    nothing = "no counter of the processor and no vcgencmd: slowing down for heat goes unnoticed"
    found.append(Finding("throttling", "ok" if counters else "missing", counters or nothing))
    return [*found, *_gpu_sensors()] if facts["cuda"] else found


def _gpu_sensors() -> list[Finding]:
    try:
        gpu = nvidia.find()
    except nvidia.NoGpu as none:
        return [Finding(f"{what}, cuda", "missing", str(none)) for what in ("temperature", "throttling")]
    degrees, reported = gpu.temperature_c(), gpu.reports_reasons() or bool(gpu.throttle_times())
    return [
        Finding(
            "temperature, cuda", "missing" if degrees is None else "ok",
            "this GPU does not report it" if degrees is None else f"{degrees:.0f} °C",
        ),
        Finding(
            "throttling, cuda", "ok" if reported else "missing",
            "NVML's reasons and counters" if reported else "this GPU does not report why its clocks are throttled",
        ),
    ]  # fmt: skip


def _advice(facts: dict[str, Any]) -> list[str]:
    """What the instruction sets and settings mean for the measurements."""
    have, found = set(facts["instruction_sets"]), []
    if facts["architecture"] == "x86_64" and not have & {"avx512_vnni", "avx_vnni", "amx_int8"}:
        found.append("no VNNI or AMX: int8 saves memory traffic, but multiplies hardly faster than float")
    if facts["architecture"] == "aarch64" and "asimddp" not in have:
        found.append("no dot-product instructions (as on a Raspberry Pi 4): expect little from int8")
    if facts["governor"] and facts["governor"] != "performance":
        found.append(f"the CPU governor is '{facts['governor']}': times vary more than under 'performance'")
    if facts["emulator"]:
        found.append(f"this machine is emulated by {facts['emulator']}: its times are not valid")
    if facts["virtual"]:
        found.append("a virtual machine: other guests may disturb the times")
    if facts["load_average"] > 0.5 * facts["threads"]:
        found.append(f"load {facts['load_average']:.1f}: other processes are running and will disturb the times")
    return found
