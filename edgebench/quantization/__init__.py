"""torch.ao's quantization: the only package that touches it.

torch.ao is announced for removal, works in the pinned range of torch, and its warnings are quieted here.
"""
