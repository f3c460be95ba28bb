"""A format from outside: its exporter, its runtime and a network that it can hold, as a third party installs them."""

from __future__ import annotations

import sys

from helpers import PluginMaker

MODULE = "own_format_plugin"
POINTS = f"""[edgebench.models]
mean = {MODULE}:architecture
[edgebench.exporters]
own = {MODULE}:EXPORTER
[edgebench.runtimes]
own = {MODULE}:RUNTIME
"""
CODE = '''
"""Mean squares of each lead and one matrix, in two files that NumPy alone reads."""

import json

import numpy as np

from edgebench.core.errors import ArtifactError
from edgebench.core.file_facts import FileFacts, Layer, Port, Program
from edgebench.core.protocols import Exported
from edgebench.core.operators import OperatorTime
from edgebench.runtimes.clocks import HostClock


def __getattr__(name):
    if name != "architecture":
        raise AttributeError(name)
    from torch import nn

    from edgebench.core.recipe import Recipe
    from edgebench.models.signal import SignalArchitecture

    class Mean(nn.Module):
        def __init__(self, leads, classes):
            super().__init__()
            self.head = nn.Linear(leads, classes)

        def forward(self, x):
            return self.head((x * x).mean(2))

    return SignalArchitecture("mean", Recipe(epochs=1, batch_size=8, learning_rate=1e-3), Mean)


class Exporter:
    name, format, summary, engine = "own", "own", "two files for NumPy", ""
    devices, calibrates, packages, choices, quantization_aware = ("cpu",), False, (), {}, False

    def export(self, task):
        head = task.network.head
        np.save(task.folder / "model.npy", head.weight.detach().numpy())
        path = task.folder / "model.own"
        path.write_text(json.dumps({"bias": head.bias.detach().tolist()}))
        return Exported(path, "fp32", fixed_batch=2)


class Session:
    clock, settings = HostClock(), {"library": "NumPy " + np.__version__}

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def predict(self, signals):
        assert len(signals) == 2, "a batch of another size"
        return ((signals * signals).mean(2) @ self.weight.T + self.bias).astype(np.float32)

    def peak_device_bytes(self):
        return None


class Runtime:
    format, suffixes, packages = "own", (".own",), ("numpy",)

    def requirements(self, machine):
        return ("numpy>=1.26",)

    def supports(self, device, engine, machine):
        return "" if machine != "riscv64" else "nobody built it for riscv64"

    def unavailable(self, device, engine):
        return "" if device == "cpu" else "runs on cpu only"

    def start(self, threads, engine):
        pass

    def files(self, path):
        return (path, path.with_suffix(".npy"))

    def check(self, path):
        if not path.read_bytes().startswith(b"{"):
            raise ArtifactError(f"{path}: not a file of the format own")

    def load(self, path, artifact, device):
        return Session(np.load(path.with_suffix(".npy")), np.array(json.loads(path.read_text())["bias"], np.float32))

    def profile(self, path, artifact, device, records):
        return [OperatorTime("product", "float", 1, 1e-6)]

    def layers(self, path):
        yield Layer("head", np.load(path.with_suffix(".npy")), 32)

    def facts(self, path):
        classes, leads = np.load(path.with_suffix(".npy")).shape
        return FileFacts("fp32", (Port("x", (1, leads, None), "tensor(float)"),),
                         (Port("y", (1, classes), "tensor(float)"),))

    def program(self, artifact, device, engine, threads):
        return Program(
            ("import json", "from pathlib import Path", "", "import numpy as np", "", 'weight = np.load("model.npy")',
             f'bias = json.loads(Path("{artifact.file}").read_text())["bias"]'),
            ("answer = (records * records).mean(2) @ weight.T + bias",),
        )


EXPORTER, RUNTIME = Exporter(), Runtime()
'''


def install(plugin: PluginMaker, batch: int = 1, needs: str = "numpy>=1.26") -> None:
    """Install it; its files take batches of one size."""
    code = CODE.replace("fixed_batch=2", f"fixed_batch={batch}").replace("== 2", f"== {batch}")
    sys.modules.pop(MODULE, None)  # that of an earlier test
    plugin(MODULE, code.replace("numpy>=1.26", needs), POINTS)
