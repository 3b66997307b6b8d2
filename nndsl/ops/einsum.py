"""Sums of products by index names: `(q, k) -> Einsum("b h i d, b h j d -> b h i j")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import together
from nndsl.ops.schema import LINEAR, Op, param, same_along
from nndsl.shapes import Size, TensorType, is_floating, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

DOTS = "..."
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class BadEquation(Exception):
    """What is wrong, for the user."""


class Einsum(Op, family=LINEAR):
    """Multiply, and sum over the indices that the result lacks: [B, I, D], [B, J, D] -> [B, I, J] (torch.einsum).

    Indices are letters, or names when there are spaces between them."""

    inputs = ("*xs",)
    equation: str = param(doc="indices of each input -> indices of the result: `b i d, b j d -> b i j`")

    examples = [
        '([2, 3, 4], [2, 5, 4]) -> Einsum("bid,bjd->bij") -> [2, 3, 5]',
        '([B, H, T, 8], [B, H, S, 8]) -> Einsum("b h i d, b h j d -> b h i j") -> [B, H, T, S]',
        '([N, T, 4], [4, 6]) -> Einsum("batch time dim, dim out -> batch time out") -> [N, T, 6]',
        '([N, T, 4], [4, 6]) -> Einsum("... d, d e -> ... e") -> [N, T, 6]',
        '[N, 3, 3] -> Einsum("n i i -> n") -> [N]',
        '([3], [N], [4]) -> Einsum("a, b, c -> c b a") -> [4, N, 3]',
        '([2, 3], [3, 2]) -> Einsum("ij,ji->") -> []',
        '([2, 3], [3, 4]) -> Einsum("ij,jk") -> [2, 4]',
    ]

    def check(self, say: Say) -> bool:
        try:
            self.read()
        except BadEquation as problem:
            say.error(str(problem), code="bad-pattern", at="equation")
            return False
        return True

    def read(self) -> tuple[list[list[str]], list[str]]:
        """Indices of the inputs, and of the result; raises BadEquation."""
        left, arrow, right = self.equation.partition("->")
        if "->" in right:
            raise BadEquation("an equation has one ->")
        terms = left.split(",")
        spaced = (
            any(len(word) > 1 and word != DOTS for term in (*terms, right) for word in _apart(term))
            and " " in self.equation
        )
        sides = [_indices(term, spaced) for term in terms]
        known = [name for side in sides for name in side]
        result = _indices(right, spaced) if arrow else _implied(known)
        for name in result:
            if name not in known:
                raise BadEquation(f"{name} stands on the right only")
            if result.count(name) > 1:
                raise BadEquation(f"{name} stands twice on the right")
        if any(side.count(DOTS) > 1 for side in sides):
            raise BadEquation("... stands once in each input")
        return sides, result

    # ------------------------------------------------------------ shape

    def shape(self, *xs: TensorType, say: Say) -> TensorType | None:
        sides, result = self.read()
        if len(xs) != len(sides):
            message = f"the equation has {len(sides)} inputs, and {len(xs)} are given"
            say.error(message, code="wrong-inputs", at="equation")
            return None
        if not self._one_type(xs, say):
            return None
        sizes: dict[str, Size] = {}
        dots = TensorType(xs[0].dtype, ())
        for k, (side, x) in enumerate(zip(sides, xs, strict=True)):
            broadcast = self._take(side, x, k, sizes, dots, say)
            if broadcast is None:
                return None
            dots = broadcast
        return TensorType(xs[0].dtype, tuple(s for n in result for s in (dots.shape if n == DOTS else (sizes[n],))))

    def _one_type(self, xs: tuple[TensorType, ...], say: Say) -> bool:
        for k, x in enumerate(xs):
            if x.dtype != xs[0].dtype or x.dtype == "bool":
                message = f"Einsum takes inputs of one numeric type: {xs[0].dtype} and {x.dtype}"
                say.error(message, code="dtype-mismatch", at=k, help="convert with `Cast`")
                return False
        return True

    def _take(
        self, side: list[str], x: TensorType, k: int, sizes: dict[str, Size], dots: TensorType, say: Say
    ) -> TensorType | None:
        """Learn the sizes of an input's indices, and what `...` stands for so far."""
        free = x.rank - sum(n != DOTS for n in side)
        if free < 0 or (free and DOTS not in side):
            message = f"`{' '.join(side)}` has {len(side)} indices, and input {k} has {x.rank} dims: {say.type(x)}"
            say.error(message, code="rank-mismatch", at=k)
            return None
        at = side.index(DOTS) if DOTS in side else 0
        named = [*side[:at], *[""] * free, *[n for n in side[at:] if n != DOTS]]
        for axis, (name, size) in enumerate(zip(named, x.shape, strict=True)):
            if not name:
                continue
            known = sizes.get(name, 1)
            if known == 1:
                sizes[name] = size
            elif size != 1 and not say.same(
                known, size, f"{name} in dim {axis} of input {k} ({say.type(x)})", at=k, axis=axis
            ):
                return None
        if DOTS not in side:
            return dots
        shape = together(say, dots, TensorType(x.dtype, x.shape[at : at + free]), "combined (their ...)", at=k)
        return None if shape is None else TensorType(x.dtype, shape)

    # ------------------------------------------------------------ costs

    def _sizes(self, xs: tuple[Any, ...]) -> dict[str, Size]:
        from nndsl.ops.say import Collect

        sizes: dict[str, Size] = {}
        quiet, dots = Collect(self.name), TensorType(xs[0].dtype, ())
        for side, x in zip(self.read()[0], xs, strict=True):
            dots = self._take(side, x, 0, sizes, dots, quiet) or dots
        return sizes | {DOTS: product(dots.shape)}

    def macs(self, *xs: TensorType, y: TensorType) -> Size:
        """Inputs are taken up one after the other, as PyTorch does; an outer product counts, too."""
        sides, result = self.read()
        sizes = self._sizes(xs)
        have, total = set(sides[0]), 0 * sizes[DOTS]
        for k, side in enumerate(sides[1:], start=1):
            later = {name for other in (*sides[k + 1 :], result) for name in other}
            have |= set(side)
            total = total + product(sizes[name] for name in sorted(have))
            have &= later
        return total

    def flops(self, *xs: TensorType, y: TensorType) -> Size:
        return same_along(xs[0]) if len(xs) == 1 else self.macs(*xs, y=y) * 2

    # ------------------------------------------------------------ lowering

    def letters(self) -> str:
        """The equation with a letter for each name."""
        sides, result = self.read()
        names = sorted({n for side in sides for n in side if n != DOTS})
        taken = {n: n for n in names if len(n) == 1}
        for name in names:
            own = [c for c in (*name, *_LETTERS) if c in _LETTERS and c not in taken.values()]
            taken.setdefault(name, own[0])
        taken[DOTS] = DOTS
        spelled = [
            " ".join(taken[n] for n in side) if " " in self.equation else "".join(taken[n] for n in side)
            for side in sides
        ]
        joined = ", " if " " in self.equation else ","
        end = (" " if " " in self.equation else "").join(taken[n] for n in result)
        arrow = " -> " if " " in self.equation else "->"
        return joined.join(spelled) + arrow + end

    def torch(self, t: TorchWriter, *xs: Operand) -> Text:
        return t.call("torch.einsum", self.letters().rstrip(), *xs)

    def onnx(self, g: OnnxBuilder, *xs: OnnxValue) -> Any:
        equation = self.letters().replace(" ", "")
        if all(is_floating(x.dtype) or x.dtype in ("int32", "int64") for x in xs):
            return g.op("Einsum", *xs, equation=equation)
        return g.cast(g.op("Einsum", *[g.cast(x, "int64") for x in xs], equation=equation), xs[0].dtype)

    def detail(self) -> str:
        return self.equation


def _apart(term: str) -> list[str]:
    return term.replace(DOTS, f" {DOTS} ").split()


def _indices(term: str, spaced: bool) -> list[str]:
    found: list[str] = []
    for word in _apart(term):
        found.extend([word] if spaced or word == DOTS else word)
    for name in found:
        if name != DOTS and not (name.isidentifier() and name.isascii() and (len(name) > 1 or name in _LETTERS)):
            raise BadEquation(f"{name} is no index: a letter, a name or ...")
    return found


def _implied(known: list[str]) -> list[str]:
    """Without an arrow: what stands once, in order of the alphabet."""
    return [DOTS] * (DOTS in known) + sorted(n for n in set(known) if known.count(n) == 1 and n != DOTS)
