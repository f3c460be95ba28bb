"""Counts multiply-adds operator by operator, and refuses an operator that it does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from edgebench.core.errors import Uncounted
from edgebench.models.forward_pass import own_place

aten = torch.ops.aten

NAMES = """
    _adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool1d adaptive_max_pool2d adaptive_max_pool3d avg_pool1d
    avg_pool2d avg_pool3d fractional_max_pool2d fractional_max_pool3d max_pool2d_with_indices max_pool3d_with_indices
    max_unpool2d max_unpool3d mkldnn_adaptive_avg_pool2d mkldnn_max_pool2d mkldnn_max_pool3d
    _batch_norm_no_update _batch_norm_with_update _native_batch_norm_legit _native_batch_norm_legit_no_training
    cudnn_batch_norm linalg_vector_norm miopen_batch_norm native_batch_norm native_group_norm native_layer_norm norm
    renorm _weight_norm_interface
    _log_softmax _masked_softmax _safe_softmax _softmax log_softmax logcumsumexp _logcumsumexp logsumexp softmax
    _prelu_kernel celu elu gelu glu hardswish log_sigmoid_forward rrelu_with_noise softplus softshrink threshold
    _upsample_bicubic2d_aa _upsample_bilinear2d_aa _upsample_nearest_exact1d _upsample_nearest_exact2d
    _upsample_nearest_exact3d upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d
    upsample_nearest2d upsample_nearest3d upsample_trilinear3d grid_sampler_2d grid_sampler_3d
    constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d
    replication_pad3d
    all amax amin aminmax _aminmax any argmax argmin bincount count_nonzero cummax _cummax_helper cummin _cummin_helper
    cumprod cumsum dist floor_divide histc histogram kthvalue max mean median min mode mse_loss nanmedian nansum prod
    sort std std_mean sum topk trace
    unique_consecutive _unique2 var var_mean
    _embedding_bag _embedding_bag_forward_only embedding embedding_renorm flip gather index index_add index_copy
    index_fill index_put _index_put_impl index_reduce index_select masked_fill masked_scatter masked_select nonzero
    nonzero_static put repeat repeat_interleave roll rot90 scatter scatter_add scatter_reduce searchsorted bucketize
    segment_reduce take tril triu where _unsafe_index _unsafe_index_put _unsafe_masked_index
    block_diag cat channel_shuffle _chunk_cat clone col2im complex copy _to_copy _copy_from detach diag_embed
    diagonal_scatter im2col lift lift_fresh pixel_shuffle pixel_unshuffle polar resize select_scatter set slice_scatter
    split_with_sizes squeeze stack _stack as_strided_scatter _reshape_alias _unsafe_view unsafe_split
    unsafe_split_with_sizes unsqueeze transpose t as_strided _reshape_copy _pack_padded_sequence _mkldnn_transpose
    _mkldnn_reshape to_mkldnn _to_dense
    arange bartlett_window blackman_window empty empty_like empty_permuted empty_strided eye fill full full_like
    hamming_window hann_window kaiser_window linspace logspace new_empty new_empty_strided new_full new_ones new_zeros
    ones ones_like _efficientzerotensor rand rand_like randint randint_like randn randn_like randperm range
    scalar_tensor tril_indices triu_indices zero zeros zeros_like
    bernoulli exponential geometric log_normal multinomial native_dropout normal poisson random uniform
    _fake_quantize_learnable_per_channel_affine _fake_quantize_learnable_per_tensor_affine
    _fake_quantize_per_tensor_affine_cachemask_tensor_qparams _fused_moving_avg_obs_fq_helper
    fake_quantize_per_channel_affine_cachemask fake_quantize_per_tensor_affine_cachemask
    _assert_async _assert_scalar _assert_tensor_metadata _is_all_true _is_any_true _local_scalar_dense allclose equal
    is_coalesced is_pinned is_same_size isin _thnn_fused_gru_cell _thnn_fused_lstm_cell _fused_sdp_choice
"""
WITHOUT_PRODUCTS = frozenset(f"aten::{name}" for name in NAMES.split())
"""Operators that multiply no two values of which each comes from many: pooling, normalisation, activations,
interpolation, sums, and what moves or makes values. Beside them stand views and pointwise operators, which torch marks
as such. The two fused cells get their products ready made."""


class Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]  # without types, as below
    """Sums up the multiply-adds of the operators in a block, in `macs`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        packet = func.overloadpacket
        count = PRODUCTS.get(packet)
        if count is None and packet in flop_registry:
            result = func(*args, **kwargs)
            self.macs += flop_registry[packet](*args, **kwargs, out_val=result) // 2
            return result
        if count is None and not _is_free(func):
            with self:
                result = func.decompose(*args, **kwargs)
            if result is NotImplemented:
                name = func._schema.name
                place = own_place()
                raise Uncounted(f"nobody knows the products inside {name}{place and f' ({place})'}")
            return result
        result = func(*args, **kwargs)
        self.macs += count(result, *args) if count else 0
        return result


def _is_free(func: Any) -> bool:
    """Whether an operator needs no multiply-adds in the usual count."""
    name = func._schema.name
    if not name.startswith(("aten::", "prim::")):
        return False
    if func.is_view or torch.Tag.view_copy in func.tags or name.removesuffix("_") in WITHOUT_PRODUCTS:
        return True
    packet = func.overloadpacket
    return any(torch.Tag.pointwise in getattr(packet, name).tags for name in packet.overloads())


def _each_with_each(result: Tensor, first: Any, other: Any, *_: Any) -> int:
    """A product of single values is omitted, but not one of each value with each other: a matrix product by hand."""
    sizes = [t.numel() for t in (first, other) if isinstance(t, Tensor)]
    return result.numel() if len(sizes) == 2 and result.numel() > max(sizes) else 0


def _recurrent(signals: Tensor, *weights: Tensor) -> int:
    """Each matrix of a recurrent layer takes each step of each record."""
    return signals.numel() // signals.shape[-1] * sum(w.numel() for w in weights if w.dim() == 2)


PRODUCTS: dict[Any, Callable[..., int]] = {
    aten.mul: _each_with_each,
    aten.mul_: _each_with_each,
    aten.mv: lambda _, matrix, *rest: matrix.numel(),
    aten.addmv: lambda _, start, matrix, *rest: matrix.numel(),
    aten.dot: lambda _, first, *rest: first.numel(),
    aten.vdot: lambda _, first, *rest: first.numel(),
    aten.addr: lambda result, *rest: result.numel(),
    aten.addbmm: lambda _, start, first, second: first.numel() * second.shape[-1],
    aten._addmm_activation: lambda result, start, first, *rest: result.numel() * first.shape[-1],
    aten.mkldnn_rnn_layer: lambda _, signals, w_input, w_hidden, *rest: _recurrent(signals, w_input, w_hidden),
    aten._cudnn_rnn: lambda _, signals, weights, *rest: _recurrent(signals, *weights),
    aten.miopen_rnn: lambda _, signals, weights, *rest: _recurrent(signals, *weights),
}
"""Multiply-adds of operators that torch's own table, `flop_registry`, lacks; from the result and the arguments."""
