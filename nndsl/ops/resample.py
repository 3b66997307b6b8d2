"""Images to other sizes: `Interpolate` and `Upsample`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.costing import INPUT, NOTHING, Saved, Use
from nndsl.ops.families import SHAPE
from nndsl.ops.kinds import Floats, Sizes, told
from nndsl.ops.pooling_adaptive import averaging
from nndsl.ops.schema import Op, Unsupported, param, same_along
from nndsl.shapes import Dim, Size, TensorType

if TYPE_CHECKING:
    from fractions import Fraction

    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact")
# How many dims an image has in each mode; others take any.
_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
_WORK = {"linear": 4, "bilinear": 8, "trilinear": 16, "bicubic": 32}


# Along each axis, between how many neighbours a value is taken.
_SEEN = {"nearest": 1, "nearest-exact": 1, "linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}


class Upsample(Op, family=SHAPE):
    """Resize images by interpolation: [N, C, H, W] -> [N, C, H', W'] (torch.nn.Upsample)."""

    size: Sizes | None = param(None, doc="the new height and width (or length, or all three)")
    scale_factor: Floats | None = param(None, doc="the new sizes as multiples of the old ones")
    mode: str = param("nearest", doc="how values are interpolated", choices=MODES)
    align_corners: bool | None = param(None, doc="the corner pixels' centres stay where they are")

    examples = [
        "[2, 3, 4, 5] -> Upsample(scale_factor=2) -> [2, 3, 8, 10]",
        '[N, 3, H, W] -> Upsample(scale_factor=2, mode="bilinear", align_corners=true) -> [N, 3, 2*H, 2*W]',
        '[N, 3, H, W] -> Upsample((7, 5), mode="bilinear") -> [N, 3, 7, 5]',
        '[N, 3, T] -> Upsample(scale_factor=1.5, mode="linear") -> [N, 3, 3*T // 2]',
        '[2, 3, 4, 5, 6] -> Upsample(scale_factor=[2, 1, 0.5], mode="trilinear") -> [2, 3, 8, 5, 3]',
    ]

    antialias: bool = False

    # ------------------------------------------------------------ shape

    def check(self, say: Say) -> bool:
        if (self.size is None) == (self.scale_factor is None):
            say.error(f"{self.name} takes size or scale_factor, one of them")
        elif any(not 0 < s < math.inf for s in self.scale_factor or ()):
            say.error("a scale factor is a finite number greater than 0", at="scale_factor")
        elif self.align_corners is not None and self.mode not in _WORK:
            modes = ", ".join(_WORK)
            say.error(
                f"mode {self.mode} has no corners to align", at="align_corners", help=f"the modes that have: {modes}"
            )
        elif self.antialias and self.mode not in ("bilinear", "bicubic"):
            say.error(f"antialias goes with bilinear and bicubic, not with {self.mode}", at="antialias")
        else:
            return True
        return False

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        ranks = (_RANKS[self.mode],) if self.mode in _RANKS else (3, 4, 5)
        if not say.rank(x, *ranks, layout=_layout(ranks)) or not say.floating(x):
            return None
        given = len(self.size or self.scale_factor or ())
        if given not in (1, x.rank - 2):
            say.error(f"{given} numbers for {x.rank - 2} dims", at="size" if self.size else "scale_factor")
            return None
        for factor, old in zip(self._factors(x.rank), x.shape[2:], strict=True):
            if isinstance(old, Dim) and not _exact(factor):
                message = f"{say.spell(old)} × {factor:g} depends on rounding, which is only known when the model runs"
                say.error(message, code="unproven", at="scale_factor", help="give the result's `size` instead")
                return None
        sizes = self._sizes(x.shape)
        if not all(say.positive(s, "the new size", at="size" if self.size else "scale_factor") for s in sizes):
            return None
        return TensorType(x.dtype, (*x.shape[:2], *sizes))

    def _factors(self, rank: int) -> tuple[float, ...]:
        """One for each dim; 1 where sizes are given."""
        given = self.scale_factor or (1.0,)
        return given * (rank - 2) if len(given) == 1 else given

    def _sizes(self, shape: tuple[Size, ...]) -> tuple[Size, ...]:
        if self.size is not None:
            return self.size * (len(shape) - 2) if len(self.size) == 1 else self.size
        return tuple(_scaled(old, f) for old, f in zip(shape[2:], self._factors(len(shape)), strict=True))

    def sees(self, x: TensorType, y: TensorType) -> tuple[tuple[Fraction | int, Fraction | int], ...] | None:
        """As many cells as are weighed, where by how much it grows is known."""
        from fractions import Fraction

        axes = list(zip(x.shape[2:], y.shape[2:], strict=True))
        if not all(isinstance(a, int) and isinstance(b, int) for a, b in axes) or self.mode not in _SEEN:
            return None
        # Whole numbers, as asked above: so the type is no mistake.
        return tuple((_SEEN[self.mode], Fraction(a, b)) for a, b in axes)  # type: ignore[arg-type]

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        return INPUT if self.mode == "area" else NOTHING

    def flops(self, x: TensorType, y: TensorType) -> Size:
        if self.mode == "area":
            return same_along(x)
        return same_along(y, _WORK.get(self.mode, 0))

    # ------------------------------------------------------------ PyTorch

    def _given(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if self.size is not None:
            given["size"] = self.size[0] if len(self.size) == 1 else self.size
        if self.scale_factor is not None:
            numbers = tuple(int(f) if f.is_integer() else f for f in self.scale_factor)
            given["scale_factor"] = numbers[0] if len(set(numbers)) == 1 else numbers
        return given | self.given("mode", "align_corners")

    def module(self, t: TorchWriter, x: Operand) -> Text | None:
        known = all(isinstance(s, int) for s in self.size or ())
        return t.new("nn.Upsample", **self._given()) if known else None

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        more = {"antialias": True} if self.antialias else {}
        return t.call("F.interpolate", x, **self._given(), **more)

    # ------------------------------------------------------------ ONNX

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if self.mode == "area":
            return self._area(g, x)
        if self.antialias and g.opset < 18:
            raise Unsupported("antialias in Resize exists from opset 18 on")
        if self.mode.startswith("nearest") and (picked := self._picked(g, x)) is not None:
            return picked
        if self.scale_factor is not None:
            factors = [_nudged(old, f) for old, f in zip(x.shape[2:], self._factors(x.rank), strict=True)]
            return g.op("Resize", x, None, g.const([1.0, 1.0, *factors], "float32"), **self._rules())
        sizes = g.sizes([*x.shape[:2], *self._sizes(x.shape)])
        return g.op("Resize", x, None, None, sizes, **self._rules())

    def _rules(self) -> dict[str, Any]:
        """Which pixel of the old image a new one comes from."""
        if self.mode == "nearest":
            return {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        if self.mode == "nearest-exact":
            return {
                "mode": "nearest",
                "coordinate_transformation_mode": "half_pixel",
                "nearest_mode": "round_prefer_ceil",
            }
        place = "align_corners" if self.align_corners else "half_pixel"
        more: dict[str, Any] = {"antialias": 1, "exclude_outside": 1} if self.antialias else {}
        if self.mode == "bicubic":
            return (
                {"mode": "cubic", "coordinate_transformation_mode": place}
                | more
                | {"cubic_coeff_a": -0.5 if self.antialias else -0.75}
            )
        return {"mode": "linear", "coordinate_transformation_mode": place} | more

    def _picked(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """Between pixels, whoever rounds otherwise picks another: the pixels are named one by one, as PyTorch names
        them. None where each is repeated equally often, which Resize does, too."""
        sizes = self._sizes(x.shape)
        axes = list(zip(x.shape[2:], sizes, self._factors(x.rank), strict=True))
        if all(_repeats(old, new, factor if self.size is None else None) for old, new, factor in axes):
            return None
        y: Any = x
        for axis, (old, new, factor) in enumerate(axes, start=2):
            if old != new or (factor != 1 and self.size is None):
                y = g.op("Gather", y, self._picks(g, old, new, factor), axis=axis)
        return y

    def _picks(self, g: OnnxBuilder, old: Size, new: Size, factor: float) -> Any:
        """Which old pixel each new one is, in float32: constants where they are known and few."""
        half = 0.5 if self.mode == "nearest-exact" else 0.0
        if isinstance(old, int) and isinstance(new, int) and lowering.few(new):
            ratio = _single(old / new if self.size is not None else 1 / factor)
            return g.const([min(math.floor(_single((i + half) * ratio)), old - 1) for i in range(new)])
        step = g.const(_single(1 / factor), "float32")
        if self.size is not None:
            step = g.op("Div", g.cast(g.size(old), "float32"), g.cast(g.size(new), "float32"))
        at: Any = g.cast(lowering.counted(g, new), "float32")
        at = g.op("Add", at, g.const(half, "float32")) if half else at
        found = g.cast(g.op("Floor", g.op("Mul", at, step)), "int64")
        return g.op("Min", found, g.size(old - 1))

    def _area(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """The mean over what a new pixel covers: along each axis a matrix product, as in adaptive pooling."""
        y: Any = x
        for axis, (old, new) in enumerate(zip(x.shape[2:], self._sizes(x.shape), strict=True), start=2):
            if old == new:
                continue
            if not isinstance(new, int):
                raise Unsupported("mode area needs a known size in ONNX")
            last = axis == x.rank - 1
            perm = list(range(x.rank))
            perm[axis], perm[-1] = perm[-1], perm[axis]
            y = y if last else g.op("Transpose", y, perm=perm)
            y = g.op("MatMul", y, g.op("Transpose", averaging(g, old, new, x.dtype), perm=[1, 0]))
            y = y if last else g.op("Transpose", y, perm=perm)
        return y

    def blame(self, axis: int, rank: int) -> str | None:
        return None if axis < 2 else "size" if self.size is not None else "scale_factor"

    def detail(self) -> str:
        if self.size is not None:
            plain = all(isinstance(n, int) for n in self.size)
            return ("×".join(map(str, self.size)) if plain else f"to ({told(self.size)})") + f", {self.mode}"
        return "× " + ", ".join(f"{f:g}" for f in self.scale_factor or ()) + f", {self.mode}"


class Interpolate(Upsample):
    """Resize images by interpolation: [N, C, H, W] -> [N, C, H', W'] (torch.nn.functional.interpolate)."""

    antialias: bool = param(False, doc="smooth before shrinking", keyword=True)

    examples = [
        '[N, 3, H, W] -> Interpolate([9, 6], mode="nearest") -> [N, 3, 9, 6]',
        '[N, 3, 8, 9] -> Interpolate((4, 5), mode="bilinear", antialias=true) -> [N, 3, 4, 5]',
        '[2, 3, 8, 9] -> Interpolate(scale_factor=0.5, mode="area") -> [2, 3, 4, 4]',
        '[N, 3, H, W] -> Interpolate(scale_factor=2, mode="bicubic") -> [N, 3, 2*H, 2*W]',
        '[N, 3, T] -> Interpolate(7, mode="nearest-exact") -> [N, 3, 7]',
    ]

    def module(self, t: TorchWriter, x: Operand) -> Text | None:
        return None if self.antialias else super().module(t, x)


def _single(number: float) -> float:
    """Rounded to float32."""
    import struct

    found: float = struct.unpack("f", struct.pack("f", number))[0]
    return found


def _nudged(old: Size, factor: float) -> float:
    """ONNX's scales are float32, where 10 × 2.6 is just below 26: one that gives PyTorch's size."""
    found = _single(factor)
    while isinstance(old, int) and math.floor(old * found) < math.floor(old * factor):
        found = _single(found * (1 + 2**-23) + 2**-60)
    return found


def _repeats(old: Size, new: Size, factor: float | None) -> bool:
    """Is each pixel repeated equally often? 1/41 in float32 is less than 1/41, so that the first of 41 falls short."""
    from fractions import Fraction

    times = new // old if factor is None else int(factor) if factor.is_integer() else None
    return isinstance(times, int) and old * times == new and Fraction(_single(1 / times)) * times >= 1


def _layout(ranks: tuple[int, ...]) -> str:
    names = {3: "[N, C, L]", 4: "[N, C, H, W]", 5: "[N, C, D, H, W]"}
    return " or ".join(names[r] for r in ranks)


def _exact(factor: float) -> bool:
    """Multiples of 1/256 are the same in every precision."""
    return (factor * 256).is_integer()


def _scaled(old: Size, factor: float) -> Size:
    if isinstance(old, int):
        return math.floor(old * factor)
    over, under = factor.as_integer_ratio()
    return old * over // under
