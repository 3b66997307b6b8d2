"""The same values in another shape: `Flatten`, `Reshape`, `Expand`, `Squeeze`, `Tile` …"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.kinds import Ints, Sizes
from nndsl.ops.layout import Moves
from nndsl.ops.lowering import reshape
from nndsl.ops.schema import param
from nndsl.shapes import Size, TensorType, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Flatten(Moves):
    """Merge neighbouring dims into one: [N, C, H, W] -> [N, C*H*W] (torch.nn.Flatten)."""

    start_dim: int = param(1, doc="the first dim that is merged")
    end_dim: int = param(-1, doc="the last")

    examples = [
        "[2, 3, 4, 5] -> Flatten -> [2, 60]",
        "[N, C, H, W] -> Flatten(2) -> [N, C, H*W]",
        "[N, T, 4] -> Flatten(0, 1) -> [N*T, 4]",
        "[N, 2, 3] -> Flatten(start_dim=0) -> [6*N]",
        "[N, 5] -> Flatten -> [N, 5]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        first = say.axis(self.start_dim, x.rank, at="start_dim")
        last = say.axis(self.end_dim, x.rank, at="end_dim")
        if first is None or last is None:
            return None
        if first > last:
            say.error(f"dim {first} comes after dim {last}", at="start_dim")
            return None
        return TensorType(x.dtype, self._merged(x.shape))

    def _merged(self, shape: tuple[Size, ...]) -> tuple[Size, ...]:
        first, last = self.start_dim % len(shape), self.end_dim % len(shape)
        return (*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :])

    def module(self, t: TorchWriter, x: Operand) -> Text:
        if "end_dim" in self.given("end_dim"):
            return t.new("nn.Flatten", self.start_dim, self.end_dim)
        return t.new("nn.Flatten", *self.given("start_dim").values())

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "flatten", self.start_dim, *self.given("end_dim").values())

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        first, last = self.start_dim % x.rank, self.end_dim % x.rank
        if first == last:
            return x
        if (first, last) == (1, x.rank - 1):
            return g.op("Flatten", x, axis=1)
        return reshape(g, x, x.shape, self._merged(x.shape))

    def detail(self) -> str:
        return ""


class Unflatten(Moves):
    """Split a dim into several: [N, H*D] -> [N, H, D] (torch.nn.Unflatten)."""

    dim: int = param(doc="the dim to split")
    unflattened_size: Sizes = param(doc="its parts; one may be -1")

    examples = [
        "[2, 12] -> Unflatten(1, [3, 4]) -> [2, 3, 4]",
        "[N, T, 8] -> Unflatten(-1, [2, -1]) -> [N, T, 2, 4]",
        "[N * T, N, T] -> Unflatten(0, [N, T]) -> [N, T, N, T]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        axis = say.axis(self.dim, x.rank)
        if axis is None:
            return None
        sizes = fill_in(say, x.shape[axis], self.unflattened_size, f"dim {axis} of {say.type(x)}", "unflattened_size")
        return None if sizes is None else TensorType(x.dtype, (*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))

    def module(self, t: TorchWriter, x: Operand) -> Text | None:
        known = all(isinstance(s, int) for s in self.unflattened_size)
        return t.new("nn.Unflatten", self.dim, tuple(self.unflattened_size)) if known else None

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "unflatten", self.dim, self.unflattened_size)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        axis = self.dim % x.rank
        sizes: tuple[Size, ...] = (*x.shape[:axis], *self.unflattened_size, *x.shape[axis + 1 :])
        return reshape(g, x, x.shape, sizes)

    def blame(self, axis: int, rank: int) -> str | None:
        parts = len(self.unflattened_size)
        first = self.dim % (rank - parts + 1)
        return "unflattened_size" if first <= axis < first + parts else None


class Reshape(Moves):
    """The same values, in order, in another shape: [*] -> [*shape] (torch.reshape)."""

    sizes: Sizes = param(doc="the new shape; one may be -1", star=True)

    examples = [
        "[2, 6] -> Reshape(3, 4) -> [3, 4]",
        "[N, T, 8] -> Reshape(N, T, 2, -1) -> [N, T, 2, 4]",
        "[N, T, 4] -> Reshape(-1, 4) -> [N*T, 4]",
        "int[6] -> Reshape(-1) -> int[6]",
        "[N, 2*N] -> Reshape([N*2, N]) -> [2*N, N]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        sizes = fill_in(say, product(x.shape), self.sizes, say.type(x), "sizes")
        return None if sizes is None else TensorType(x.dtype, tuple(sizes))

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "reshape", *self.sizes)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return reshape(g, x, x.shape, self.sizes)

    def detail(self) -> str:
        return ", ".join(map(str, self.sizes))

    def blame(self, axis: int, rank: int) -> str | None:
        return "sizes"


def fill_in(say: Say, total: Size, sizes: tuple[Size, ...], what: str, at: str) -> list[Size] | None:
    """The sizes with their -1 worked out, when they hold exactly `total` values."""
    open_at = [i for i, s in enumerate(sizes) if s == -1]
    wrong = [s for s in sizes if isinstance(s, int) and s != -1 and s < 1]
    if wrong or len(open_at) > 1:
        say.error(f"a size of {wrong[0]}" if wrong else "one size at most may be -1", at=at)
        return None
    others = product(s for s in sizes if s != -1)
    filled = list(sizes)
    if open_at:
        filled[open_at[0]] = say.facts.normalize(total // others)
    listed = "[" + ", ".join("-1" if s == -1 else say.spell(s) for s in sizes) + "]"
    message = f"{what} does not fit into {listed}"
    if not open_at:
        return filled if say.same(total, product(filled), message, at=at) else None
    return filled if _divides(say, total, others, message, at) else None


def _divides(say: Say, total: Size, by: Size, message: str, at: str) -> bool:
    answer = say.facts.divisible(total, by)
    if answer:
        return True
    known = "is not" if answer is False else "is not known to be"
    fact = None if answer is False else say.facts.missing_fact(total, total // by * by)
    say.error(
        f"{message}: {say.spell(total)} {known} divisible by {say.spell(by)}",
        code="unproven" if answer is None else "shape-mismatch",
        at=at,
        help=f"state it in the model: `require {fact}`" if fact else None,
    )
    return False


class Expand(Moves):
    """Repeat dims of size 1 without copying: [1, 1, D] -> [N, T, D] (torch.Tensor.expand)."""

    sizes: Sizes = param(doc="the new shape; -1 leaves a dim as it is", star=True)

    examples = [
        "[1, 3] -> Expand(4, 3) -> [4, 3]",
        "[N, 1, 8] -> Expand(-1, 5, -1) -> [N, 5, 8]",
        "[3] -> Expand(2, 4, 3) -> [2, 4, 3]",
        "[N, 1] -> Expand(N, 2*N) -> [N, 2*N]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        new = len(self.sizes) - x.rank
        if new < 0:
            message = f"Expand to {len(self.sizes)} dims, and this has {x.rank}: {say.type(x)}"
            say.error(message, code="rank-mismatch", at="sizes")
            return None
        if -1 in self.sizes[:new]:
            say.error("a new dim needs a size, -1 keeps an old one", at="sizes")
            return None
        for i, (old, size) in enumerate(zip(x.shape, self.sizes[new:], strict=True)):
            if size == -1 or old == 1:
                continue
            if not say.same(old, size, f"only dims of size 1 expand, dim {i} of {say.type(x)}", at="sizes"):
                return None
        kept = (old if size == -1 else size for old, size in zip(x.shape, self.sizes[new:], strict=True))
        return TensorType(x.dtype, (*self.sizes[:new], *kept))

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "expand", *self.sizes)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """A 1 keeps what is there."""
        return g.op("Expand", x, g.sizes([1 if s == -1 else s for s in self.sizes]))

    def detail(self) -> str:
        return ", ".join(map(str, self.sizes))

    def blame(self, axis: int, rank: int) -> str | None:
        return "sizes" if self.sizes[axis] != -1 else None


class Squeeze(Moves):
    """Drop dims of size 1: [N, 1, D] -> [N, D] (torch.squeeze)."""

    dim: Ints | None = param(None, doc="the dims; every dim known to be 1 when not given")

    examples = [
        "[2, 1, 3] -> Squeeze(1) -> [2, 3]",
        "[N, 1, T, 1] -> Squeeze -> [N, T]",
        "[1, N, 1] -> Squeeze([0, -1]) -> [N]",
    ]

    def _axes(self, x: Any) -> list[int]:
        if self.dim is None:
            return [i for i, s in enumerate(x.shape) if s == 1]
        return sorted(d % x.rank for d in self.dim)

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        for d in self.dim or ():
            axis = say.axis(d, x.rank)
            if axis is None or not say.same(x.shape[axis], 1, f"only dims of size 1 are dropped, dim {axis}", at="dim"):
                return None
        axes = self._axes(x)
        return TensorType(x.dtype, tuple(s for i, s in enumerate(x.shape) if i not in axes))

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        """All dims are named: what is 1 by chance when the model runs must stay."""
        axes = list(self.dim) if self.dim is not None else self._axes(x)
        if not axes:
            return x
        return t.method(x, "squeeze", axes[0] if len(axes) == 1 else tuple(axes))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        axes = self._axes(x)
        return g.op("Squeeze", x, g.const(axes)) if axes else x


class Unsqueeze(Moves):
    """Insert a dim of size 1: [N, D] -> [N, 1, D] (torch.unsqueeze)."""

    dim: int = param(doc="where it stands in the result")

    examples = [
        "[2, 3] -> Unsqueeze(1) -> [2, 1, 3]",
        "[N] -> Unsqueeze(-1) -> [N, 1]",
        "[] -> Unsqueeze(0) -> [1]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        axis = say.axis(self.dim, x.rank + 1)
        return None if axis is None else TensorType(x.dtype, (*x.shape[:axis], 1, *x.shape[axis:]))

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "unsqueeze", self.dim)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Unsqueeze", x, g.const([self.dim]))


class Tile(Moves):
    """Repeat the whole tensor along its dims: [A, B] -> [m*A, n*B] (torch.Tensor.repeat)."""

    repeats: Sizes = param(doc="how often, for each dim; further ones in front make new dims", star=True)

    examples = [
        "[2, 3] -> Tile(2, 1) -> [4, 3]",
        "[N, T] -> Tile(3, 1, 2) -> [3, N, 2*T]",
        "[3] -> Tile(4) -> [12]",
        "[1, N] -> Tile(N, 2) -> [N, 2*N]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        new = len(self.repeats) - x.rank
        if new < 0:
            say.error(
                f"{len(self.repeats)} numbers for {x.rank} dims: {say.type(x)}",
                code="rank-mismatch",
                at="repeats",
            )
            return None
        if any(isinstance(n, int) and n < 1 for n in self.repeats):
            say.error("every dim is repeated at least once", at="repeats")
            return None
        sizes = (1,) * new + x.shape
        return TensorType(x.dtype, tuple(s * n for s, n in zip(sizes, self.repeats, strict=True)))

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "repeat", *self.repeats)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        new = len(self.repeats) - x.rank
        wide = g.op("Unsqueeze", x, g.const(list(range(new)))) if new else x
        return g.op("Tile", wide, g.sizes(self.repeats))

    def detail(self) -> str:
        return ", ".join(map(str, self.repeats))

    def blame(self, axis: int, rank: int) -> str | None:
        return "repeats"
