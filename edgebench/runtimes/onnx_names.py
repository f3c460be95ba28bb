"""What a node of an ONNX graph is called in the network that it was exported from, as far as the file says."""

from __future__ import annotations

import re
from typing import Any

SCOPES = "pkg.torch.onnx.name_scopes"
"""torch.onnx (dynamo) writes a node's modules here, from the outermost; the last name is that of the operator."""
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def layer(node: Any, weight: str) -> str:
    """The module of a node, such as `blocks.0.conv1`; otherwise the node's own name. `weight` names its weights."""
    scopes = next((one.value for one in node.metadata_props if one.key == SCOPES), "")
    return of_weight(weight) or of_scopes(scopes) or of_path(node.name) or str(node.name or node.output[0])


def of_weight(name: str) -> str:
    """The module of a parameter's name, quantized or not: `blocks.0.conv1.weight_quantized`; empty for others."""
    found = re.fullmatch(r"(.+)\.weight(_\w+)?", name)
    return found[1] if found else ""


def of_scopes(written: str) -> str:
    """The innermost module of a node's scopes; empty where there is none."""
    scopes = [first or second for first, second in _QUOTED.findall(written)][:-1]
    return next(filter(None, reversed(scopes)), "")


def of_path(name: str) -> str:
    """The module of a name that torch.onnx wrote before dynamo: `/blocks/blocks.0/conv1/Conv` is `blocks.0.conv1`."""
    modules: list[str] = []
    for part in name.split("/")[1:-1] if name.startswith("/") else []:
        if modules and part.startswith(f"{modules[-1]}."):
            modules[-1] = part
        else:
            modules.append(part)
    return ".".join(modules)
