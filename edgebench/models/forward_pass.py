"""What a forward pass does that neither a trace nor a count of operations holds: it reads values, or is random.

A trace keeps the operators of one forward pass. Where Python reads a value that depends on the records (a condition,
`item()`, a conversion to NumPy), the trace keeps what that one value led to.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

TAKES_VALUES = ("numpy", "tolist", "__array__", "__dlpack__", "data_ptr")
"""Methods of a tensor that give its values to code whose operations nothing sees."""

WATCHES = ("forward_pass.py", "mac_counter.py", "flops.py")
"""Files of this package that stand between a network's code and torch."""

LONGEST = 100
"""Characters of a line of code that are shown."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found: a `value` of the records read, a `shape` that depends on them, a `random` operator."""

    kind: Literal["value", "shape", "random"]
    operator: str
    place: str
    """File, line and text of the network's code, such as "net.py:12: if x.max() > 3:"; empty where unknown."""

    def __str__(self) -> str:
        return self.place or self.operator


@contextmanager
def watched(*records: Tensor) -> Iterator[list[Finding]]:
    """Record in the list what forward passes over these records do inside the block."""
    watch = _Operators(records)
    with _Methods(watch), watch:
        yield watch.findings


class _Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]  # without types, as below
    """Follows what depends on the records by the storage of the tensors, which views and changes in place share."""

    def __init__(self, records: tuple[Tensor, ...]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.findings: list[Finding] = []
        # A weak reference keeps the address of a storage from being used again, and not its memory.
        self._dependent: dict[int, StorageWeakRef] = {}
        self._mark(records)

    def depends(self, values: Any) -> bool:
        """Whether any tensor among these values depends on the records."""
        return any(isinstance(t, Tensor) and _address(t) in self._dependent for t in tree_iter(values))

    def found(self, kind: Literal["value", "shape", "random"], operator: str) -> None:
        """Add a finding, once."""
        finding = Finding(kind, operator, own_place())
        if finding not in self.findings:
            self.findings.append(finding)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        dependent = self.depends((args, kwargs))
        name = func.overloadpacket.__name__
        if dependent and torch.Tag.data_dependent_output in func.tags:
            self.found("value", name)
        if dependent and torch.Tag.dynamic_output_shape in func.tags:
            self.found("shape", name)
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.found("random", name)
        result = func(*args, **kwargs)
        if dependent:
            changed = [a for a, s in zip(args, func._schema.arguments, strict=False) if s.is_write]
            self._mark((result, changed))
        return result

    def _mark(self, values: Any) -> None:
        for tensor in tree_iter(values):
            if isinstance(tensor, Tensor) and (address := _address(tensor)) is not None:
                storage = tensor.untyped_storage()
                self._dependent.setdefault(address, StorageWeakRef(storage))  # type: ignore[no-untyped-call]


class _Methods(TorchFunctionMode):
    """Sees the methods that give values away, which are no operators."""

    def __init__(self, watch: _Operators) -> None:
        super().__init__()
        self._watch = watch

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in TAKES_VALUES and self._watch.depends(args):
            self._watch.found("value", name)
        return func(*args, **(kwargs or {}))


def _address(tensor: Tensor) -> int | None:
    """What identifies a tensor's storage; None where it has none, as a sparse one."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return None


def own_place() -> str:
    """The line of the network's own code that is being run, with its file and text; empty where none is found."""
    models = Path(__file__).parent
    skipped = (str(Path(torch.__file__).parent), *(str(models / name) for name in WATCHES), "<")
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(skipped):
        frame = frame.f_back
    name, line = (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)
    if not name or (models.parent in Path(name).parents and models not in Path(name).parents):
        return ""  # the caller of the network
    text = linecache.getline(name, line).strip()
    return f"{Path(name).name}:{line}: {text[:LONGEST]}".removesuffix(": ")
