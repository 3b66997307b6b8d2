"""The zoo's references: other implementations of its models, from libraries or written by hand in plain PyTorch."""

from tests.parity.zoo import declared  # isort: skip  # before anything imports torchvision
from tests.parity.zoo import (
    convolutional,
    dense,
    generative,
    graph,
    language,
    multimodal,
    recurrent,
    reinforcement,
    vision,
)

assert declared

FAMILIES = (vision, convolutional, dense, recurrent, reinforcement, generative, graph, language, multimodal)
CASES = [case for family in FAMILIES for case in family.CASES]
COUNTED = {spec: build for family in FAMILIES for spec, build in family.COUNTED.items()}
"""FILE:MODEL -> the reference at full size, whose parameters are counted without being allocated, or their number where
only that is public."""
