"""ImageNet weights to start a training from, where this machine can fetch them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

PATIENCE_S = 10


def start_from(backbone: nn.Module, source: str) -> str:
    """Load ImageNet weights into a backbone, all but its classifier; says in one line what was done.

    `source` is `torchvision:WEIGHTS`, fetched with its hash checked, or `timm:NAME`, from the Hugging Face hub in
    safetensors. Where it cannot be fetched the backbone stays as it is, and the line gives the reason.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE_S)
    try:
        state = _fetch(source)
    except Exception as error:  # what a failed download raises depends on the library and on the network
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        return (
            f"the ImageNet weights {source} could not be fetched ({type(error).__name__}: {reason[:120]}); "
            "training starts from random weights"
        )
    finally:
        socket.setdefaulttimeout(before)
    own = backbone.state_dict()
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    backbone.load_state_dict(fitting, strict=False)
    return f"starts from the ImageNet weights {source}: {len(fitting)} of {len(own)} tensors"


def _fetch(source: str) -> dict[str, Tensor]:
    library, _, name = source.partition(":")
    if library == "timm":
        import timm

        _be_offline_if_so()

        found: dict[str, Tensor] = timm.create_model(name, pretrained=True).state_dict()
        return found
    from torchvision import models

    weights = models.get_weight(name)
    return weights.get_state_dict(progress=False, check_hash=True, weights_only=True)  # type: ignore[no-any-return]


def _be_offline_if_so() -> None:
    """Where the Hugging Face hub does not answer, let its library use its cache only: it would try for a minute."""
    import urllib.error
    import urllib.request

    from huggingface_hub import constants

    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=PATIENCE_S).close()
    except urllib.error.HTTPError:
        return  # it answered
    except OSError:
        constants.HF_HUB_OFFLINE = True
