"""Cutting along a dim: `Split`, `Chunk`, `Unbind`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nndsl.ops.kinds import Sizes
from nndsl.ops.layout import Moves
from nndsl.ops.schema import param
from nndsl.shapes import Dim, Size, TensorType, ceil_div

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


MOST_PIECES = 10_000


class Pieces(Moves, abstract=True):
    """Cut along a dim; `parts` are the sizes of the pieces."""

    dim: int

    def parts(self, x: TensorType, axis: int, say: Say) -> list[Size] | None:
        """Each operator gives its own."""
        raise NotImplementedError(self.name)

    @classmethod
    def counted(cls, given: Mapping[str, Any]) -> int | None:
        """How many pieces there are, where the arguments alone say so."""
        return None

    def few(self, count: int, say: Say, at: str) -> bool:
        """Each piece is a tensor of its own, in the graph and in the source."""
        if count <= MOST_PIECES:
            return True
        say.error(f"{count:,} pieces are more than the {MOST_PIECES:,} that are allowed", code="too-big", at=at)
        return False

    def shape(self, x: TensorType, say: Say) -> tuple[TensorType, ...] | None:
        axis = say.axis(self.dim, x.rank)
        parts = None if axis is None else self.parts(x, axis, say)
        if axis is None or parts is None:
            return None
        return tuple(TensorType(x.dtype, (*x.shape[:axis], p, *x.shape[axis + 1 :])) for p in parts)

    def cut(self, t: TorchWriter, made: Text, count: int) -> tuple[Text, ...]:
        return (t.index(made, 0),) if count == 1 else t.unpack(made)

    def pieces(self, g: OnnxBuilder, x: OnnxValue, sizes: list[Size]) -> Any:
        if len(sizes) == 1:
            return (x,)
        return g.op("Split", x, g.sizes(sizes), axis=self.dim, outputs=len(sizes))


class Split(Pieces):
    """Cut into pieces of a size, or of given sizes: [*, D, *] -> [*, A, *], [*, B, *] … (torch.split)."""

    outputs = ("*ys",)
    split_size: Sizes = param(doc="size of each piece (the last may be smaller), or a list of all sizes")
    dim: int = param(0, doc="the dim to cut")

    examples = [
        "[2, 6] -> Split(2, dim=1) -> ([2, 2], [2, 2], [2, 2])",
        "[N, 7] -> Split([3, 4], dim=-1) -> ([N, 3], [N, 4])",
        "[7, T] -> Split(3) -> ([3, T], [3, T], [1, T])",
        "[T, T + 5] -> Split([T, 5], 1) -> ([T, T], [T, 5])",
    ]

    @classmethod
    def counted(cls, given: Mapping[str, Any]) -> int | None:
        sizes = given.get("split_size")
        return len(sizes) if isinstance(sizes, tuple) and len(sizes) > 1 else None

    def check(self, say: Say) -> bool:
        if not self.split_size:
            say.error("no piece at all", at="split_size")
        return bool(self.split_size)

    def parts(self, x: TensorType, axis: int, say: Say) -> list[Size] | None:
        size = x.shape[axis]
        if len(self.split_size) == 1:
            return self._equal(size, self.split_size[0], say)
        if any(isinstance(each, int) and each < 0 for each in self.split_size):
            say.error("a piece has no negative size", at="split_size", help="`Split(2)` makes pieces of one size")
            return None
        total = sum(self.split_size[1:], start=self.split_size[0])
        return (
            list(self.split_size) if say.same(total, size, f"the sizes sum up to dim {axis}", at="split_size") else None
        )

    def _equal(self, size: Size, each: Size, say: Say) -> list[Size] | None:
        if isinstance(each, int) and each < 1:
            say.error(f"pieces of size {each}", at="split_size")
            return None
        count = say.facts.normalize(ceil_div(size, each))
        if isinstance(count, Dim):
            what = f"{say.spell(size)} cut into pieces of {say.spell(each)}"
            say.error(f"the number of pieces must be known: {what}", code="unknown-dim", at="split_size")
            return None
        if not self.few(count, say, "split_size"):
            return None
        return [each] * (count - 1) + [size - each * (count - 1)]

    def _sizes(self, x: TensorType) -> list[Size]:
        from nndsl.ops.say import Collect

        if len(self.split_size) > 1:
            return list(self.split_size)
        return self._equal(x.shape[self.dim], self.split_size[0], Collect(self.name)) or []

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        many = len(self.split_size) > 1
        sizes: Any = list(self.split_size) if many else self.split_size[0]
        made = t.method(x, "split", sizes, **self.given("dim"))
        return self.cut(t, made, len(self._sizes(x.type)))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return self.pieces(g, x, self._sizes(x.type))

    def blame(self, axis: int, rank: int) -> str | None:
        return "split_size" if axis == self.dim % rank else None


class Chunk(Pieces):
    """Cut into a number of equal pieces (the last may be smaller): [*, D, *] -> [*, D / chunks, *] … (torch.chunk)."""

    outputs = ("*ys",)
    chunks: int = param(doc="how many pieces", min=1)
    dim: int = param(0, doc="the dim to cut")

    examples = [
        "[2, 6] -> Chunk(3, dim=1) -> ([2, 2], [2, 2], [2, 2])",
        "[7, N] -> Chunk(2) -> ([4, N], [3, N])",
        "[T, 2 * T] -> Chunk(2, -1) -> ([T, T], [T, T])",
        "[5] -> Chunk(1) -> [5]",
    ]

    @classmethod
    def counted(cls, given: Mapping[str, Any]) -> int | None:
        chunks = given.get("chunks")
        return chunks if isinstance(chunks, int) else None

    def parts(self, x: TensorType, axis: int, say: Say) -> list[Size] | None:
        size = say.facts.normalize(x.shape[axis])
        if not self.few(self.chunks, say, "chunks"):
            return None
        if isinstance(size, int):
            if size >= self.chunks:
                return _chunked(size, self.chunks)
            say.error(f"dim {axis} has {size}, too few for {self.chunks} pieces", code="shape-mismatch", at="chunks")
            return None
        each = size // self.chunks
        return (
            [each] * self.chunks
            if say.same(each * self.chunks, size, f"equal pieces of dim {axis}", at="chunks")
            else None
        )

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        made = t.method(x, "chunk", self.chunks, **self.given("dim"))
        size = x.shape[self.dim]
        return self.cut(t, made, len(_chunked(size, self.chunks)) if isinstance(size, int) else self.chunks)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        size = x.shape[self.dim]
        return self.pieces(
            g,
            x,
            _chunked(size, self.chunks) if isinstance(size, int) else [size // self.chunks] * self.chunks,
        )

    def blame(self, axis: int, rank: int) -> str | None:
        return "chunks" if axis == self.dim % rank else None


def _chunked(size: int, chunks: int) -> list[Size]:
    """As torch.chunk: all but the last of one size, which can make fewer pieces than asked for."""
    each = -(-size // chunks)
    return [min(each, size - start) for start in range(0, size, each)]


class Unbind(Pieces):
    """Take a dim apart: [*, D, *] -> D times [*, *] (torch.unbind)."""

    outputs = ("*ys",)
    dim: int = param(0, doc="the dim that is taken apart")

    examples = [
        "[3, N, 4] -> Unbind -> ([N, 4], [N, 4], [N, 4])",
        "[N, 2] -> Unbind(dim=-1) -> ([N], [N])",
        "[1, 5] -> Unbind(0) -> [5]",
    ]

    def shape(self, x: TensorType, say: Say) -> tuple[TensorType, ...] | None:
        axis = say.axis(self.dim, x.rank)
        if axis is None or (count := say.known(say.facts.normalize(x.shape[axis]), f"the size of dim {axis}")) is None:
            return None
        if not self.few(count, say, "dim"):
            return None
        return (TensorType(x.dtype, (*x.shape[:axis], *x.shape[axis + 1 :])),) * count

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        count = x.shape[self.dim]
        assert isinstance(count, int), "`shape` asks for a size that is known"
        return self.cut(t, t.method(x, "unbind", *([self.dim] if self.dim else [])), count)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        count = x.shape[self.dim]
        if not isinstance(count, int):
            raise AssertionError("a checked Unbind knows its dim")
        return tuple(g.op("Gather", x, g.const(k), axis=self.dim) for k in range(count))
