"""Operators that belong together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Operators that belong together: one page of the reference, one colour of a diagram."""

    name: str
    title: str


LINEAR = Family("linear", "Linear layers")
CONVOLUTION = Family("convolution", "Convolutions")
POOLING = Family("pooling", "Pooling")
NORMALIZATION = Family("normalization", "Normalization")
ACTIVATION = Family("activation", "Activations")
REGULARIZATION = Family("regularization", "Regularization")
EMBEDDING = Family("embedding", "Embeddings")
RECURRENT = Family("recurrent", "Recurrent layers")
ATTENTION = Family("attention", "Attention")
SHAPE = Family("shape", "Shape and layout")
ARITHMETIC = Family("arithmetic", "Arithmetic")
REDUCTION = Family("reduction", "Reductions")
TENSOR = Family("tensor", "Tensors")
