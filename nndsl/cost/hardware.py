"""Hardware by name, and the roofline: how long work takes at least, by its arithmetic or by the memory it moves.

Numbers are the vendors', for dense matrices, without boosts by sparsity (tables that count sparsity show twice as
much), in TFLOP/s of half and single precision, then GB/s:

    NVIDIA's data sheets: H100 SXM 989, 67 (float64 by its matrix units: 67), 3,350; H200 SXM the same, 4,800;
        A100 80 GB SXM 312, 19.5 (float64 by its matrix units: 19.5), 2,039; V100 SXM2 125 (float16 alone), 15.7
        (float64: 7.8), 900; T4 65 (float16 alone), 8.1, 320; L4 242 with sparsity, so 121, 30.3, 300;
        L40S 362, 91.6, 864
    its white paper on Ada: RTX 4090 165.2 with sums in float32, 82.6, 1,008
    its white paper on Ampere GA102, appendix A: RTX 3090 71 with sums in float32, 35.6, 936
    AMD's data sheet: MI300X 1,307.4, 163.4, 5,300
    Apple: M2 with 10 GPU cores, 3.58 in float32, 100

Each was compared with published copies of these tables; what none confirmed (float64 of MI300X, other types of M2) is
left out.
PyTorch computes matrix products of float32 without TensorFloat-32 unless told otherwise, so that is not counted.

An estimate, and a lower bound: kernels reach half of it or more when tensors are large, much less when they are small;
starting a kernel (a few microseconds) is not counted. Each layer is taken to read its inputs and weights and to write
its results once, backward twice that, and not to be fused with others; the optimizer reads gradients, and reads and
writes weights and states, once.
"""

from __future__ import annotations

from dataclasses import dataclass

TERA, GIGA = 1e12, 1e9


@dataclass(frozen=True, slots=True)
class Hardware:
    """`flops`: the most FLOPs in a second, by type; a type that is missing is not told. `bandwidth`: bytes a second."""

    title: str
    flops: dict[str, float]
    bandwidth: float
    cuda: bool = True

    def seconds(self, flops: float, moved: float, dtype: str) -> float | None:
        rate = self.flops.get(dtype)
        return None if rate is None else max(flops / rate, moved / self.bandwidth)


def _rates(half: float | None, single: float, double: float | None = None, brain: bool = True) -> dict[str, float]:
    given = {"float16": half, "bfloat16": half if brain else None, "float32": single, "float64": double}
    return {name: rate * TERA for name, rate in given.items() if rate is not None}


HARDWARE = {
    "h100": Hardware("NVIDIA H100 SXM", _rates(989.4, 66.9, 66.9), 3350 * GIGA),
    "h200": Hardware("NVIDIA H200 SXM", _rates(989.4, 66.9, 66.9), 4800 * GIGA),
    "a100": Hardware("NVIDIA A100 80 GB SXM", _rates(312, 19.5, 19.5), 2039 * GIGA),
    "v100": Hardware("NVIDIA V100 SXM2", _rates(125, 15.7, 7.8, brain=False), 900 * GIGA),
    "l4": Hardware("NVIDIA L4", _rates(121, 30.3), 300 * GIGA),
    "l40s": Hardware("NVIDIA L40S", _rates(362, 91.6), 864 * GIGA),
    "t4": Hardware("NVIDIA T4", _rates(65, 8.1, brain=False), 320 * GIGA),
    "rtx4090": Hardware("NVIDIA GeForce RTX 4090", _rates(165.2, 82.6), 1008 * GIGA),
    "rtx3090": Hardware("NVIDIA GeForce RTX 3090", _rates(71, 35.6), 936 * GIGA),
    "mi300x": Hardware("AMD Instinct MI300X", _rates(1307.4, 163.4), 5300 * GIGA),
    "m2": Hardware("Apple M2, 10 GPU cores", _rates(None, 3.58), 100 * GIGA, cuda=False),
}
