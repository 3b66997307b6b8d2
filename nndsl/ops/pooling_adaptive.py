"""Pooling to a given size n: window i covers the cells from i * size // n to ceil((i + 1) * size / n)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops import lowering
from nndsl.ops.costing import INPUT, NOTHING, Saved, Use
from nndsl.ops.families import POOLING
from nndsl.ops.kinds import PerAxisPartial
from nndsl.ops.schema import Unsupported, param, same_along
from nndsl.ops.windows import Spatial, once
from nndsl.shapes import Size, TensorType, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class _AdaptivePool(Spatial, family=POOLING, abstract=True):
    output_size: PerAxisPartial = param(doc="size of the result along each axis; none keeps it", min=1)

    function: ClassVar[str]  # of torch.nn.functional, without the number of axes
    everywhere: ClassVar[str]  # the ONNX operators for all cells, for windows, and along axes
    windowed: ClassVar[str]
    along: ClassVar[str]

    def shape(self, x: TensorType, say: Say) -> Any:
        if not self.fits(x, say):
            return None
        kept = zip(self.output_size, x.shape[-self.axes :], strict=True)
        sizes = [size if n is None else n for n, size in kept]
        return TensorType(x.dtype, (*x.shape[: -self.axes], *sizes))

    def cells(self, x: TensorType) -> Size | None:
        """How many cells all windows hold: n windows over `size` cells share n - gcd(n, size) of them."""
        total: Size = product(x.shape[: -self.axes])
        for n, size in zip(self.output_size, x.shape[-self.axes :], strict=True):
            if n is None or size % n == 0:
                total = total * size
            elif isinstance(size, int):
                total = total * (size + n - math.gcd(size, n))
            else:
                return None
        return total

    def module(self, t: TorchWriter, x: Operand) -> Text:
        if set(self.output_size) == {None}:
            return t.new("nn.Identity")
        return t.new(f"nn.{self.name}", once(self.output_size))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        if set(self.output_size) == {None}:
            return x
        return t.call(f"F.{self.function}{self.axes}d", x, once(self.output_size))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return lowering.batched(g, x, self.axes, lambda one: self.pooled(g, one, x))

    def pooled(self, g: OnnxBuilder, x: OnnxValue, like: OnnxValue) -> Any:
        """x with a batch; `like` is the same as it came."""
        sizes = like.shape[-self.axes :]
        if set(self.output_size) == {1}:
            return g.op(self.everywhere, x)
        kernel = self.regular(sizes)
        if kernel is not None:
            return x if set(kernel) == {1} else g.op(self.windowed, x, kernel_shape=kernel, strides=kernel)
        for axis, (n, size) in enumerate(zip(self.output_size, sizes, strict=True), start=2):
            if n == 1:
                x = lowering.reduce(g, self.along, x, [axis])
            elif n is not None and n != size:
                x = self.along_axis(g, x, axis, (size, n, like.dtype))
        return x

    def regular(self, sizes: tuple[Size, ...]) -> list[int] | None:
        """The windows' size, where they are known, equal and apart."""
        found = []
        for n, size in zip(self.output_size, sizes, strict=True):
            if n is None or n == size:
                found.append(1)
            elif isinstance(size, int) and size % n == 0:
                found.append(size // n)
            else:
                return None
        return found

    def along_axis(self, g: OnnxBuilder, x: OnnxValue, axis: int, what: tuple[Size, int, str]) -> Any:
        """Each operator gives its own."""
        raise NotImplementedError(self.name)

    def blame(self, axis: int, rank: int) -> str | None:
        return "output_size" if axis >= rank - self.axes else None

    def detail(self) -> str:
        return "×".join("_" if n is None else str(n) for n in self.output_size)


def _bounds(g: OnnxBuilder, size: Size, n: int) -> tuple[Any, Any]:
    """Begin and end of each window, as columns."""
    if isinstance(size, int) and lowering.few(n):
        begins = [[i * size // n] for i in range(n)]
        return g.const(begins), g.const([[-(-(i + 1) * size // n)] for i in range(n)])
    whole, count = g.size(size), g.const(n)
    before = g.op("Mul", lowering.unsqueeze(g, lowering.counted(g, n), 1), whole)
    reached = g.op("Add", g.op("Add", before, whole), g.const(n - 1))
    return g.op("Div", before, count), g.op("Div", reached, count)


def averaging(g: OnnxBuilder, size: Size, n: int, dtype: str) -> Any:
    """[n, size]: the share of each cell in each window's mean."""
    if isinstance(size, int) and lowering.few(size, n):
        bounds = [(i * size // n, -(-(i + 1) * size // n)) for i in range(n)]
        return g.const([[(a <= j < b) / (b - a) for j in range(size)] for a, b in bounds], dtype)
    begins, ends = _bounds(g, size, n)
    places = g.op("Range", g.const(0), g.size(size), g.const(1))
    inside = g.op("And", g.op("GreaterOrEqual", places, begins), g.op("Less", places, ends))
    return g.op("Div", g.cast(inside, dtype), g.cast(g.op("Sub", ends, begins), dtype))


class _AdaptiveAvgPool(_AdaptivePool, abstract=True):
    function = "adaptive_avg_pool"
    everywhere, windowed, along = "GlobalAveragePool", "AveragePool", "ReduceMean"

    def same(self, x: TensorType, y: TensorType) -> bool:
        return set(self.output_size) == {None}

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """Means over everything are plain means."""
        return NOTHING if set(self.output_size) == {1} else INPUT

    def flops(self, x: TensorType, y: TensorType) -> Size | None:
        return self.cells(x)

    def along_axis(self, g: OnnxBuilder, x: OnnxValue, axis: int, what: tuple[Size, int, str]) -> Any:
        """The means of windows of unequal size are a matrix product."""
        matrix = averaging(g, *what)
        last = self.axes + 1
        if axis == last - 1:
            return g.op("MatMul", matrix, x)
        swapped = list(range(last + 1))
        swapped[axis], swapped[last] = last, axis
        x = x if axis == last else g.op("Transpose", x, perm=swapped)
        y = g.op("MatMul", x, g.op("Transpose", matrix, perm=[1, 0]))
        return y if axis == last else g.op("Transpose", y, perm=swapped)


class AdaptiveAvgPool1d(_AdaptiveAvgPool, axes=1):
    """Means, as many as asked for: [N, C, L] -> [N, C, output_size] (torch.nn.AdaptiveAvgPool1d)."""

    examples = [
        "[2, 3, 8] -> AdaptiveAvgPool1d(1) -> [2, 3, 1]",
        "[N, 3, L] -> AdaptiveAvgPool1d(5) -> [N, 3, 5]",
        "[3, 10] -> AdaptiveAvgPool1d(4) -> [3, 4]",
        "[3, 10] -> AdaptiveAvgPool1d(none) -> [3, 10]",
    ]


class AdaptiveAvgPool2d(_AdaptiveAvgPool, axes=2):
    """Means, as many as asked for: [N, C, H, W] -> [N, C, *output_size] (torch.nn.AdaptiveAvgPool2d)."""

    examples = [
        "[2, 3, 8, 8] -> AdaptiveAvgPool2d(1) -> [2, 3, 1, 1]",
        "[N, C, H, W] -> AdaptiveAvgPool2d([3, none]) -> [N, C, 3, W]",
        "[2, 3, 12, 8] -> AdaptiveAvgPool2d(4) -> [2, 3, 4, 4]",
        "[3, 10, 7] -> AdaptiveAvgPool2d([1, 3]) -> [3, 1, 3]",
        "[N, 2, H, W] -> AdaptiveAvgPool2d([2, 12]) -> [N, 2, 2, 12]",
    ]


class AdaptiveAvgPool3d(_AdaptiveAvgPool, axes=3):
    """Means, as many as asked for: [N, C, D, H, W] -> [N, C, *output_size] (torch.nn.AdaptiveAvgPool3d)."""

    examples = [
        "[2, 3, 4, 8, 8] -> AdaptiveAvgPool3d(1) -> [2, 3, 1, 1, 1]",
        "[N, 2, T, 8, W] -> AdaptiveAvgPool3d([3, 2, 5]) -> [N, 2, 3, 2, 5]",
        "[2, 7, 5, 6] -> AdaptiveAvgPool3d([4, none, 4]) -> [2, 4, 5, 4]",
    ]


class _AdaptiveMaxPool(_AdaptivePool, abstract=True):
    return_indices: bool = param(False, doc="also give the place of each maximum, counted over the spatial axes")

    function = "adaptive_max_pool"
    everywhere, windowed, along = "GlobalMaxPool", "MaxPool", "ReduceMax"
    outputs = ("y", "indices")

    def check(self, say: Say) -> bool:
        if self.return_indices and set(self.output_size) == {None}:
            say.error(
                "without a size to reach, there are no maxima whose places could be given",
                at="return_indices",
            )
            return False
        return True

    def shape(self, x: TensorType, say: Say) -> Any:
        y = super().shape(x, say)
        return (y, TensorType("int64", y.shape)) if y is not None and self.return_indices else y

    def saves(self, x: TensorType, y: Any, use: Use) -> Saved:
        """Where each maximum stands, too."""
        return Saved((0,), (1,)) if self.return_indices else Saved((0,), made=(TensorType("int64", y.shape),))

    def flops(self, x: TensorType, y: Any) -> Size | None:
        cells = self.cells(x)
        return None if cells is None else cells - same_along(y[0] if self.return_indices else y)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        if not self.return_indices:
            return super().module(t, x)
        return t.new(f"nn.{self.name}", once(self.output_size), return_indices=True)

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        if not self.return_indices:
            return super().torch(t, x)
        function = f"F.{self.function}{self.axes}d"
        return t.unpack(t.call(function, x, once(self.output_size), return_indices=True))

    def pooled(self, g: OnnxBuilder, x: OnnxValue, like: OnnxValue) -> Any:
        if not self.return_indices:
            return super().pooled(g, x, like)
        return self._with_places(g, x, like.shape[-self.axes :])

    def _with_places(self, g: OnnxBuilder, x: OnnxValue, sizes: tuple[Size, ...]) -> Any:
        if set(self.output_size) == {1}:
            flat = g.op("Reshape", x, g.const([0, 0, -1]))
            shape = g.const([0, 0, *[1] * self.axes])
            return g.op("GlobalMaxPool", x), g.op("Reshape", g.op("ArgMax", flat, axis=-1), shape)
        kernel = self.regular(sizes)
        if kernel is None:
            raise Unsupported(
                f"ONNX gives the places of maxima only for windows of equal, known size: {self.spell()} over "
                f"{' × '.join(map(str, sizes))} cells has others"
            )
        y, places = g.op("MaxPool", x, outputs=2, kernel_shape=kernel, strides=kernel)
        return y, g.op("Mod", places, g.size(product(sizes)))

    def along_axis(self, g: OnnxBuilder, x: OnnxValue, axis: int, what: tuple[Size, int, str]) -> Any:
        """Each window's cells gathered side by side; a shorter window repeats its last cell."""
        cells = g.op("Gather", x, self._cells(g, *what[:2]), axis=axis)
        return lowering.reduce(g, "ReduceMax", cells, [axis + 1], keepdims=False)

    def _cells(self, g: OnnxBuilder, size: Size, n: int) -> Any:
        if isinstance(size, int) and lowering.few(n, -(-size // n) + 1):
            bounds = [(i * size // n, -(-(i + 1) * size // n)) for i in range(n)]
            longest = max(b - a for a, b in bounds)
            return g.const([[min(a + j, b - 1) for j in range(longest)] for a, b in bounds])
        begins, ends = _bounds(g, size, n)
        longest_ = lowering.reduce(g, "ReduceMax", g.op("Sub", ends, begins), [0, 1], False)
        steps = g.op("Range", g.const(0), longest_, g.const(1))
        return g.op("Min", g.op("Add", begins, steps), g.op("Sub", ends, g.const(1)))


class AdaptiveMaxPool1d(_AdaptiveMaxPool, axes=1):
    """Maxima, as many as asked for: [N, C, L] -> [N, C, output_size] (torch.nn.AdaptiveMaxPool1d)."""

    examples = [
        "[2, 3, 8] -> AdaptiveMaxPool1d(1) -> [2, 3, 1]",
        "[N, 3, L] -> AdaptiveMaxPool1d(5) -> [N, 3, 5]",
        "[3, 10] -> AdaptiveMaxPool1d(4) -> [3, 4]",
    ]


class AdaptiveMaxPool2d(_AdaptiveMaxPool, axes=2):
    """Maxima, as many as asked for: [N, C, H, W] -> [N, C, *output_size] (torch.nn.AdaptiveMaxPool2d)."""

    examples = [
        "[2, 3, 8, 8] -> AdaptiveMaxPool2d(1) -> [2, 3, 1, 1]",
        "[N, C, H, W] -> AdaptiveMaxPool2d([3, none]) -> [N, C, 3, W]",
        "[2, 3, 12, 8] -> AdaptiveMaxPool2d(4) -> [2, 3, 4, 4]",
        "[3, 10, 7] -> AdaptiveMaxPool2d([1, 3]) -> [3, 1, 3]",
    ]


class AdaptiveMaxPool3d(_AdaptiveMaxPool, axes=3):
    """Maxima, as many as asked for: [N, C, D, H, W] -> [N, C, *output_size] (torch.nn.AdaptiveMaxPool3d)."""

    examples = [
        "[2, 3, 4, 8, 8] -> AdaptiveMaxPool3d(1) -> [2, 3, 1, 1, 1]",
        "[N, 2, T, 8, W] -> AdaptiveMaxPool3d([3, 2, 5]) -> [N, 2, 3, 2, 5]",
        "[2, 7, 5, 6] -> AdaptiveMaxPool3d([4, none, 4]) -> [2, 4, 5, 4]",
    ]
