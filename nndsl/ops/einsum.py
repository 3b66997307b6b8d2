"""Sums of products by index names: `(q, k) -> Einsum("b h i d, b h j d -> b h i j")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.arithmetic import together
from nndsl.ops.contraction import contracted
from nndsl.ops.costing import NOTHING, Saved, Use
from nndsl.ops.einsum_memory import Contraction, contraction
from nndsl.ops.families import LINEAR
from nndsl.ops.schema import Op, Unsupported, param
from nndsl.ops.strided import Strides
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
        if len(set(known) - {DOTS}) > len(_LETTERS):
            raise BadEquation(f"an equation has at most {len(_LETTERS)} indices")
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
        here: dict[str, Size] = {}
        for axis, (name, size) in enumerate(zip(_spread(side, x.rank), x.shape, strict=True)):
            if name.startswith(DOTS):
                continue
            # A size of 1 stands for any, but not beside another size of the same input: that is a diagonal.
            known = here.get(name, sizes.get(name, 1))
            unlike = known != size if name in here else 1 not in (known, size)
            where = f"{name} in dim {axis} of input {k} ({say.type(x)})"
            if unlike and not say.same(known, size, where, at=k, axis=axis):
                return None
            here[name] = size
        sizes |= {name: size for name, size in here.items() if sizes.get(name, 1) == 1}
        if DOTS not in side:
            return dots
        at = side.index(DOTS)
        shape = together(say, dots, TensorType(x.dtype, x.shape[at : at + free]), "combined (their ...)", at=k)
        return None if shape is None else TensorType(x.dtype, shape)

    # ------------------------------------------------------------ costs

    def _terms(self, xs: tuple[Any, ...]) -> tuple[list[list[str]], list[str], dict[str, Size]]:
        """Indices of each input and of the result, with a name for each dim of `...`; and their sizes."""
        sides, result = self.read()
        terms = [_spread(side, x.rank) for side, x in zip(sides, xs, strict=True)]
        sizes: dict[str, Size] = {}
        for term, x in zip(terms, xs, strict=True):
            sizes |= {name: size for name, size in zip(term, x.shape, strict=True) if sizes.get(name, 1) == 1}
        width = sum(name.startswith(DOTS) for name in sizes)
        return terms, _spread(result, len(result) - (DOTS in result) + width * (DOTS in result)), sizes

    def _work(self, xs: tuple[Any, ...]) -> tuple[list[Size], Size]:
        """Products of each input after the first with what came before, and values that are summed without any. As
        PyTorch does, inputs are taken up one after the other, and what stands in one of two only and is not needed
        later is summed before they meet."""
        terms, result, sizes = self._terms(xs)
        sides = [set(term) - _ones(term, x.shape, sizes) for term, x in zip(terms, xs, strict=True)]
        products: list[Size] = []
        sums: Size = 0
        have = sides[0]
        for k, side in enumerate(sides[1:], start=1):
            later = set(result).union(*sides[k + 1 :])
            pair = []
            for one, other in ((have, side), (side, have)):
                needed = one & (other | later)
                sums = sums + (product(sizes[name] for name in one) if needed != one else 0)
                pair.append(needed)
            both = pair[0] | pair[1]
            products.append(product(sizes[name] for name in both))
            have = both & later
        left = have - set(result)  # of a single input
        return products, sums + (product(sizes[name] for name in have) if left else 0)

    def saves(self, *xs: TensorType, y: TensorType, use: Use) -> Saved | None:
        """Each factor for the gradient of the other, copied where the groups of indices that one product of matrices
        wants are not rows of memory."""
        if len(xs) == 1:
            return NOTHING
        return self._contracted(xs, use).saved(y.dtype)

    def scratch(self, *xs: TensorType, y: TensorType, use: Use) -> list[TensorType]:
        """Copies and products on the way."""
        made = self._contracted(xs, use).made[:-1] if len(xs) > 1 else []
        return [TensorType(y.dtype, tuple(factor.shape)) for factor in made]

    def strides(self, *xs: TensorType, y: TensorType, use: Use) -> Strides | None:
        """The result is a view of a batch of matrices."""
        made = self._contracted(xs, use).result if len(xs) > 1 else None
        return None if made is None else tuple(made.strides[: y.rank])

    def _contracted(self, xs: tuple[TensorType, ...], use: Use) -> Contraction:
        terms, result, sizes = self._terms(xs)
        summed = sorted(set(sizes) - set(result), key=self._order())
        given = [x for x in use.inputs if x is not None]
        return contraction(given, use.needs, terms, result, summed)

    def _order(self) -> Any:
        letters = self._letters()
        return lambda name: letters.get(name, name)

    def macs(self, *xs: TensorType, y: TensorType) -> Size:
        """An outer product counts, too."""
        return sum(self._work(xs)[0])

    def backward_macs(self, *xs: TensorType, y: TensorType, use: Use) -> Size:
        """Each product once more for either side that needs a gradient: the input, and what came before."""
        needs = use.needs
        return sum(n * (needs[k] + any(needs[:k])) for k, n in enumerate(self._work(xs)[0], start=1))

    def flops(self, *xs: TensorType, y: TensorType) -> Size:
        products, sums = self._work(xs)
        return sum(products) * 2 + sums

    # ------------------------------------------------------------ lowering

    def _letters(self) -> dict[str, str]:
        """A letter for each name: its own, one of its own, or any."""
        names = sorted({n for side in self.read()[0] for n in side if n != DOTS})
        taken = {n: n for n in names if len(n) == 1}
        for name in names:
            free = [c for c in (*name, *_LETTERS) if c in _LETTERS and c not in taken.values()]
            taken.setdefault(name, free[0] if free else "")
        return taken

    def letters(self) -> str:
        """The equation with a letter for each name."""
        sides, result = self.read()
        taken = self._letters() | {DOTS: DOTS}
        apart = " " in self.equation
        spelled = [(" " if apart else "").join(taken[n] for n in side) for side in (*sides, result)]
        return (", " if apart else ",").join(spelled[:-1]) + (" -> " if apart else "->") + spelled[-1]

    def torch(self, t: TorchWriter, *xs: Operand) -> Text:
        return t.call("torch.einsum", self.letters().rstrip(), *xs)

    def onnx(self, g: OnnxBuilder, *xs: OnnxValue) -> Any:
        """Each dim of `...` gets a letter, and a size of 1 that meets another is taken away: ONNX sums no `...`, and
        its shape inference knows no broadcasting."""
        terms, result, sizes = self._terms(xs)
        taken = self._letters()
        spare = [c for c in _LETTERS if c not in taken.values()]
        more = sorted({name for name in sizes if name.startswith(DOTS)})
        if len(more) > len(spare):
            raise Unsupported(f"an equation has at most {len(_LETTERS)} indices in ONNX")
        taken |= dict(zip(more, spare, strict=False))
        kept, values = [], []
        for term, x in zip(terms, xs, strict=True):
            ones = _ones(term, x.shape, sizes)
            gone = [axis for axis, name in enumerate(term) if name in ones]
            kept.append([name for name in term if name not in ones])
            values.append(lowering.squeeze(g, x, *gone) if gone else x)
        if all(is_floating(x.dtype) for x in xs) and (y := contracted(g, values, kept, result)) is not None:
            return y
        spelled = ["".join(taken[name] for name in term) for term in (*kept, result)]
        equation = ",".join(spelled[:-1]) + "->" + spelled[-1]
        if all(is_floating(x.dtype) or x.dtype in ("int32", "int64") for x in xs):
            return g.op("Einsum", *values, equation=equation)
        return g.cast(g.op("Einsum", *[g.cast(x, "int64") for x in values], equation=equation), xs[0].dtype)

    def detail(self) -> str:
        return self.equation


def _spread(side: list[str], rank: int) -> list[str]:
    """A name for each of `rank` dims; those of `...` are counted from the last on, which is how they meet."""
    if DOTS not in side:
        return side
    at, free = side.index(DOTS), rank - len(side) + 1
    return [*side[:at], *[f"{DOTS}{i}" for i in reversed(range(free))], *side[at + 1 :]]


def _ones(term: list[str], shape: tuple[Size, ...], sizes: dict[str, Size]) -> set[str]:
    """Those of an input's indices that are 1 here and more elsewhere: as if they were not there."""
    return {name for name, size in zip(term, shape, strict=True) if size == 1 and sizes[name] != 1}


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
