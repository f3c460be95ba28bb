"""torch.ao's quantization: the only package that touches it.

torch.ao is deprecated. It works in the pinned range of torch, and this package silences its warnings.
"""
