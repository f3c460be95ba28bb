"""TorchScript with int8 weights in linear and recurrent layers; activations are quantized at run time."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.protocols import Exported, ExportTask


class TorchInt8Dynamic:
    """torch.ao's dynamic quantization. The engine that loads the file packs its weights again."""

    name = "torch-int8-dynamic"
    format = "torchscript"
    summary = "TorchScript int8, dynamic: linear and recurrent layers only"
    engine = ""
    devices = ("cpu",)
    calibrates = False
    packages = ("torch",)
    choices: Mapping[str, tuple[str, ...]] = {}
    quantization_aware = False

    def export(self, task: ExportTask) -> Exported:
        """Write one TorchScript file; raises Unsupported where there is no layer to quantize."""
        from edgebench.quantization.dynamic import quantize_dynamic
        from edgebench.quantization.engines import any_engine, engine_set
        from edgebench.quantization.shares import int8_modules

        from ._tracing import require_traceable, save_traced

        require_traceable(task)
        engine = any_engine()
        quantized, floats = quantize_dynamic(task.network, engine)
        with engine_set(engine):
            path = save_traced(quantized, task, task.folder / "model.pt")
        modules = int8_modules(quantized, task.network)
        return Exported(path, "int8-dynamic", "", floats, int8_modules=modules)


EXPORTER = TorchInt8Dynamic()
