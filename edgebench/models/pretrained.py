"""ImageNet weights as the start of a training, where this machine can fetch them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

TIMEOUT_S = 10


def load_imagenet(backbone: nn.Module, source: str) -> str:
    """Load ImageNet weights into all of a backbone but its classifier; returns one line that reports the result.

    `source` is `torchvision:WEIGHTS`, whose hash is checked, or `timm:NAME`, in safetensors from the Hugging Face hub.
    Where the weights cannot be fetched, the backbone stays unchanged and the line gives the reason.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        state = _fetch(source)
    except Exception as error:  # the exception of a failed download depends on the library and on the network
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

        _use_cache_if_offline()
        found: dict[str, Tensor] = timm.create_model(name, pretrained=True).state_dict()
        return found
    from torchvision import models

    weights = models.get_weight(name)
    return weights.get_state_dict(progress=False, check_hash=True, weights_only=True)  # type: ignore[no-any-return]


def _use_cache_if_offline() -> None:
    """Restrict the Hugging Face library to its cache where the hub does not answer; it would retry for a minute."""
    import urllib.error
    import urllib.request

    from huggingface_hub import constants

    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return  # the hub answered
    except OSError:
        constants.HF_HUB_OFFLINE = True
