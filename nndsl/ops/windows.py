"""What convolutions and poolings share: 1, 2 or 3 spatial axes, and the arithmetic of sliding windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.kinds import KINDS
from nndsl.ops.schema import REQUIRED, Op, Param
from nndsl.shapes import Size, TensorType, ceil_div, smin
from nndsl.shapes.origins import alike, plain

if TYPE_CHECKING:
    from nndsl.ops.emit import Text, TorchWriter
    from nndsl.ops.say import Say

LAYOUTS = {1: "[N, C, L]", 2: "[N, C, H, W]", 3: "[N, C, D, H, W]"}
AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
_EXACT = {
    "PerAxis": ("Single", "Pair", "Triple"),
    "PerAxisPadding": ("Padding1", "Padding2", "Padding3"),
    "PerAxisPartial": ("PartialSingle", "PartialPair", "PartialTriple"),
}


class Spatial(Op, abstract=True):
    """Base of operators on [N, C, *spatial] (N may be absent): `class Conv2d(Convolution, axes=2)`."""

    axes: ClassVar[int] = 0

    def __init_subclass__(cls, *, axes: int = 0, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if axes:
            cls.axes = axes
            cls.params = {name: _for_axes(declared, axes) for name, declared in cls.params.items()}
            cls.inferred = tuple(replace(size, axis=-axes - 1) for size in cls.inferred)

    def fits(self, x: TensorType, say: Say) -> bool:
        layout = f"{LAYOUTS[self.axes]} (or the same without N)"
        return say.rank(x, self.axes + 1, self.axes + 2, layout=layout) and say.floating(x)

    def arguments(self, *names: str) -> dict[str, Any]:
        """`given`, with equal numbers written once."""
        return {name: once(value) for name, value in self.given(*names).items()}

    def blame_window(self, axis: int, rank: int, names: Sequence[str]) -> str | None:
        """Of the named parameters, the first that is not at its default along this spatial axis."""
        at = axis - (rank - self.axes)
        for name in names:
            value, default = getattr(self, name), self.params[name].default
            if at < 0 or value is None or value == default:
                continue
            if not isinstance(value, tuple) or not isinstance(default, tuple) or value[at] != default[at]:
                return name
        return None


def _for_axes(declared: Param, axes: int) -> Param:
    for generic, exact in _EXACT.items():
        for suffix in ("", "|None"):
            if declared.kind is KINDS[generic + suffix]:
                kind = KINDS[exact[axes - 1] + suffix]
                keep = declared.default is REQUIRED or declared.default is None
                return replace(
                    declared, kind=kind, default=declared.default if keep else kind.convert(declared.default)
                )
    return declared


def once(value: Any) -> Any:
    """`3` for `(3, 3)`: how such arguments are written."""
    return value[0] if isinstance(value, tuple) and alike(value) else value


def times(values: Sequence[int] | str) -> str:
    """`7×7`, for diagrams."""
    return values if isinstance(values, str) else "×".join(map(str, values))


def slash(stride: Sequence[int]) -> str:
    """`, /2` for diagrams; nothing where the stride is 1."""
    return "" if set(stride) == {1} else f", /{times(stride) if len(set(stride)) > 1 else stride[0]}"


def dtype_argument(t: TorchWriter, x: TensorType) -> dict[str, Text]:
    """For constructors: layers on an exact type say so, the model's own floating type goes without saying."""
    return {} if x.dtype == "float" else {"dtype": t.dtype(x.dtype)}


def reach(kernel: int, dilation: int) -> int:
    """How many cells a window spans."""
    return int(dilation) * (int(kernel) - 1) + 1


def padded(size: Size, before: int, after: int) -> Size:
    """A side with what is added to it: a plain number, since nobody would write how many windows fit in words."""
    return plain(size) + int(before) + int(after)  # type: ignore[no-any-return]  # of Any


def window_count(padded: Size, span: int, stride: int) -> Size:
    """How many windows fit completely."""
    return (padded - span) // int(stride) + 1


def kept(size: Size, made: Size) -> Size:
    """A side that stays as long as it was is the same side."""
    return size if made == size else made


def window_count_up(size: Size, padding: int, span: int, stride: int) -> Size:
    """PyTorch's ceil_mode: a last, incomplete window counts, if it begins before the padding at the end."""
    size, padding, stride = plain(size), int(padding), int(stride)
    begun = (size + padding - 1) // stride + 1
    return smin(ceil_div(size + 2 * padding - span, stride) + 1, begun)


def enough(padded: Size, span: int, name: str, say: Say) -> bool:
    """Says a window that is larger than what it slides over."""
    most = say.facts.upper_bound(padded)
    if most is None or most >= span:
        return True
    say.error(
        f"a window that spans {span} does not fit: the {name} is {say.spell(padded)}, padding included",
        code="shape-mismatch",
        at="kernel_size",
        help="take a smaller kernel_size or dilation, more padding, or fewer downsampling steps before",
    )
    return False
