"""Weights of EdgeBench's shipped models, but for the default model's, which are in edgebench itself.

`edgebench.models.shipped_weights` finds them; their manifests are in edgebench/models/weights.
"""
