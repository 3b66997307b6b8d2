"""Rearrangements by pattern, in einops' notation: `Rearrange("b t (h d) -> b h t d", h=8)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.costing import BOTH, NOTHING, Saved, Use
from nndsl.ops.kinds import SizeMap
from nndsl.ops.layout import Moves
from nndsl.ops.lowering import reduce, reshape
from nndsl.ops.patterns import DOTS, BadPattern, Pattern, Steps, proven_sizes, read_pattern, sizes_of, spelled, steps_of
from nndsl.ops.schema import param, same_along
from nndsl.shapes import Size, TensorType, is_floating, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class ByPattern(Moves, abstract=True):
    """`sizes` holds what is given by keyword: `h=8`."""

    extra = "sizes"
    pattern: str
    sizes: SizeMap

    def balance(self, pattern: Pattern) -> str | None:
        """What is wrong with the names on both sides, if anything."""
        raise NotImplementedError(self.name)

    def check(self, say: Say) -> bool:
        try:
            pattern = read_pattern(self.pattern)
        except BadPattern as problem:
            help = "each axis has a name of its own, also where sizes are equal" if "twice" in str(problem) else None
            say.error(str(problem), code="bad-pattern", at="pattern", help=help)
            return False
        wrong = self.balance(pattern)
        if wrong is not None:
            say.error(wrong, code="bad-pattern", at="pattern")
            return False
        names = {*pattern.names(pattern.left), *pattern.names(pattern.right)}
        for name, size in self.given_sizes().items():
            if name not in names:
                from difflib import get_close_matches

                close = get_close_matches(name, names, 1) or [n for n in names if name.startswith(n)]
                help = f"did you mean {close[0]}?" if close else f"its axes are {', '.join(sorted(names))}"
                say.error(f"the pattern has no axis {name}", code="unknown-name", at=name, help=help)
                return False
            if isinstance(size, int) and size < 1:
                say.error(f"an axis of size {size}", at=name)
                return False
        return True

    def given_sizes(self) -> dict[str, Size]:
        return self.sizes or {}

    def read(self, rank: int) -> Pattern:
        return read_pattern(self.pattern).expanded(rank)

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        found = read_pattern(self.pattern)
        axes = len(found.left) - ([DOTS] in found.left)
        if x.rank < axes or (x.rank > axes and [DOTS] not in found.left):
            left = " ".join(map(spelled, found.left))
            message = f"the pattern `{left}` has {axes} axes, and this has {x.rank} dims: {say.type(x)}"
            say.error(message, code="rank-mismatch", at=0)
            return None
        pattern = found.expanded(x.rank)
        sizes = sizes_of(pattern, x, self.given_sizes(), say)
        if sizes is None:
            return None
        return TensorType(x.dtype, tuple(product(sizes[atom] for atom in axis) for axis in pattern.right))

    # ------------------------------------------------------------ PyTorch

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        pattern = self.read(x.rank)
        steps = steps_of(pattern)
        y: Text = x
        for axis, atoms in steps.split:
            y = t.method(y, "unflatten", axis, self._parts(atoms, pattern))
        if steps.drop:
            y = t.method(y, "squeeze", steps.drop[0] if len(steps.drop) == 1 else tuple(steps.drop))
        if steps.reduce:
            y = self.reduced(t, y, steps.reduce)
        count = len(set(pattern.names(pattern.left)) & set(pattern.names(pattern.right)))
        for first, last in steps.premerge:
            y = _flattened(t, y, first, last, count)
            count -= last - first
        y = _turned(t, y, steps.perm)
        y = self._grown(t, y, steps, count, pattern)
        count += len(steps.new)
        for first, last in steps.merge:
            y = _flattened(t, y, first, last, count)
            count -= last - first
        for axis in steps.ones:
            y = t.method(y, "unsqueeze", axis)
        return y

    def _parts(self, atoms: list[str], pattern: Pattern) -> tuple[Size, ...]:
        known = {**pattern.numbers, **self.given_sizes()}
        return tuple(known.get(atom, -1) for atom in atoms)

    def _grown(self, t: TorchWriter, y: Text, steps: Steps, count: int, pattern: Pattern) -> Text:
        """New axes: inserted, then expanded all at once."""
        if not steps.new:
            return y
        known = {**pattern.numbers, **self.given_sizes()}
        sizes: list[Size] = [-1] * count
        for axis, atom in steps.new:
            y = t.method(y, "unsqueeze", axis)
            sizes.insert(axis, known[atom])
        return t.method(y, "expand", *sizes)

    def reduced(self, t: TorchWriter, y: Text, axes: list[int]) -> Text:
        """Each operator gives its own."""
        raise NotImplementedError(self.name)

    # ------------------------------------------------------------ ONNX

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        pattern = self.read(x.rank)
        steps = steps_of(pattern)
        sizes = proven_sizes(pattern, x.shape, self.given_sizes())
        atoms = pattern.names(pattern.left)
        kept = [sizes[atom] for atom in atoms if atom in pattern.names(pattern.right)]
        final = [product(sizes[atom] for atom in axis) for axis in pattern.right]
        y: Any = x
        now = list(x.shape)
        if steps.reduce:
            y = _reshaped(g, y, now, [sizes[atom] for atom in atoms])
            y, now = self.onnx_reduced(g, y, steps.reduce, x.dtype), kept
        if not steps.perm and not steps.new:
            return _reshaped(g, y, now, final)
        units = _merged(kept, steps.premerge)
        y = _reshaped(g, y, now, units)
        if steps.perm:
            y, units = g.op("Transpose", y, perm=steps.perm), [units[i] for i in steps.perm]
        if steps.new:
            y, units = self._onnx_grown(g, y, steps, units, sizes)
        return _reshaped(g, y, units, final)

    def _onnx_grown(
        self, g: OnnxBuilder, y: Any, steps: Steps, units: list[Size], sizes: dict[str, Size]
    ) -> tuple[Any, list[Size]]:
        """A size of 1 in Expand keeps what is there."""
        y = g.op("Unsqueeze", y, g.const([axis for axis, _ in steps.new]))
        ones: list[Size] = [1] * len(units)
        for axis, atom in steps.new:
            ones.insert(axis, sizes[atom])
            units = [*units[:axis], sizes[atom], *units[axis:]]
        return g.op("Expand", y, g.sizes(ones)), units

    def onnx_reduced(self, g: OnnxBuilder, y: Any, axes: list[int], dtype: str) -> Any:
        """Each operator gives its own."""
        raise NotImplementedError(self.name)

    def detail(self) -> str:
        return self.pattern


def _reshaped(g: OnnxBuilder, y: Any, old: list[Size], new: list[Size]) -> Any:
    return y if old == new else reshape(g, y, old, new)


def _merged(sizes: list[Size], pairs: list[tuple[int, int]]) -> list[Size]:
    for first, last in pairs:
        sizes = [*sizes[:first], product(sizes[first : last + 1]), *sizes[last + 1 :]]
    return sizes


def _flattened(t: TorchWriter, y: Text, first: int, last: int, rank: int) -> Text:
    return t.method(y, "flatten", first) if last == rank - 1 else t.method(y, "flatten", first, last)


def _turned(t: TorchWriter, y: Text, perm: list[int]) -> Text:
    """`transpose` where two axes change places, `permute` otherwise."""
    moved = [i for i, axis in enumerate(perm) if i != axis]
    if not moved:
        return y
    return t.method(y, "transpose", *moved) if len(moved) == 2 else t.method(y, "permute", *perm)


class Rearrange(ByPattern):
    """Split, merge and turn around axes by a pattern: [B, T, H*D] -> [B, H, T, D] (einops.rearrange)."""

    pattern: str = param(doc="axes before -> axes after: `b t (h d) -> b h t d`")
    sizes: SizeMap = param(None, doc="sizes of axes that cannot be inferred, by name", keyword=True)

    examples = [
        '[2, 5, 12] -> Rearrange("b t (h d) -> b h t d", h=3) -> [2, 3, 5, 4]',
        '[B, H, T, 8] -> Rearrange("b h t d -> b t (h d)") -> [B, T, 8*H]',
        '[N, C, H, W] -> Rearrange("n c h w -> n (h w) c") -> [N, H*W, C]',
        '[B, T, 24] -> Rearrange("b t (three h d) -> three b h t d", three=3, h=2) -> [3, B, 2, T, 4]',
        '[N, 3, 8, 12] -> Rearrange("n c (h p) (w q) -> n (h w) (p q c)", p=4, q=4) -> [N, 6, 48]',
        '[N, 1, T, 4] -> Rearrange("... 1 t d -> t ... d 1") -> [T, N, 4, 1]',
        '[N, T, 4] -> Rearrange("n ... -> (...) n") -> [4*T, N]',
        '[6] -> Rearrange("(a b) -> (b a)", a=2) -> [6]',
        '[N, T] -> Rearrange("n t -> n t") -> [N, T]',
    ]

    def balance(self, pattern: Pattern) -> str | None:
        left, right = set(pattern.names(pattern.left)), set(pattern.names(pattern.right))
        if pattern.numbers:
            return f"{next(iter(pattern.numbers.values()))} is no name: give its axis one, and its size by keyword"
        lost, new = sorted(left - right), sorted(right - left)
        if lost and new:
            return f"{lost[0]} stands on the left only, and {new[0]} on the right only"
        if lost:
            return f"{lost[0]} stands on the left only: `Reduce` reduces an axis"
        return f"{new[0]} stands on the right only: `Repeat` adds an axis" if new else None


class Reduce(ByPattern):
    """Reduce the axes that the right side lacks: [N, C, H, W] -> [N, C] (einops.reduce)."""

    pattern: str = param(doc="axes before -> axes after: `n c (h 2) (w 2) -> n c h w`")
    reduction: str = param(doc="how values become one", choices=("mean", "sum", "max", "min", "prod"))
    sizes: SizeMap = param(None, doc="sizes of axes that cannot be inferred, by name", keyword=True)

    examples = [
        '[N, C, H, W] -> Reduce("n c h w -> n c", "mean") -> [N, C]',
        '[N, 3, 8, 6] -> Reduce("n c (h 2) (w 2) -> n c h w", "max") -> [N, 3, 4, 3]',
        '[N, T, 6] -> Reduce("n t (g d) -> d n", "sum", g=2) -> [3, N]',
        '[N, T, 2] -> Reduce("n t d -> n 1 d", "min") -> [N, 1, 2]',
        '[2, 3] -> Reduce("... ->", "prod") -> []',
    ]

    def balance(self, pattern: Pattern) -> str | None:
        new = sorted(set(pattern.names(pattern.right)) - set(pattern.names(pattern.left)))
        return f"{new[0].split('#')[0]} stands on the right only: `Repeat` adds an axis" if new else None

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if self.reduction == "mean" and not say.floating(x):
            return None
        made = super().shape(x, say)
        summed = self.reduction in ("sum", "prod") and made is not None and not is_floating(x.dtype)
        return TensorType("int64", made.shape) if summed and made is not None else made

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved | None:
        """A product goes one axis at a time, and keeps what lies between. Where axes are turned around afterwards it
        is not told."""
        if self.reduction != "prod":
            return BOTH if self.reduction in ("max", "min") else NOTHING
        pattern = self.read(x.rank)
        steps = steps_of(pattern)
        if steps.perm or steps.new or steps.drop or not steps.reduce:
            return None
        known = proven_sizes(pattern, x.shape, self.given_sizes())
        sizes = [known[atom] for atom in pattern.names(pattern.left)]
        between = []
        for axis in reversed(steps.reduce):
            del sizes[axis]
            between.append(TensorType(y.dtype, tuple(sizes)))
        return Saved((0,), (0,), tuple(between[:-1]))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(x)

    def reduced(self, t: TorchWriter, y: Text, axes: list[int]) -> Text:
        if self.reduction == "prod":  # PyTorch's takes one dim at a time
            for axis in reversed(axes):
                y = t.method(y, "prod", dim=axis)
            return y
        name = {"max": "amax", "min": "amin"}.get(self.reduction, self.reduction)
        return t.method(y, name, dim=axes[0] if len(axes) == 1 else tuple(axes))

    def onnx_reduced(self, g: OnnxBuilder, y: Any, axes: list[int], dtype: str) -> Any:
        if self.reduction in ("sum", "prod") and not is_floating(dtype) and dtype != "int64":
            y = g.cast(y, "int64")
        return reduce(g, f"Reduce{self.reduction.capitalize()}", y, axes, keepdims=False)

    def detail(self) -> str:
        return f"{self.reduction}: {self.pattern}"


class Repeat(ByPattern):
    """Add axes, along which the values repeat: [N, D] -> [N, T, D] (einops.repeat)."""

    pattern: str = param(doc="axes before -> axes after: `n d -> n t d`")
    sizes: SizeMap = param(None, doc="sizes of the new axes, by name", keyword=True)

    examples = [
        '[N, 4] -> Repeat("n d -> n t d", t=3) -> [N, 3, 4]',
        '[N, C, H, W] -> Repeat("n c h w -> n c (h 2) (w 2)") -> [N, C, 2*H, 2*W]',
        '[1, 1, 4] -> Repeat("1 1 d -> b t d", b=2, t=3) -> [2, 3, 4]',
        '[N, T] -> Repeat("n t -> (k t) n", k=N) -> [N*T, N]',
    ]

    def balance(self, pattern: Pattern) -> str | None:
        lost = sorted(set(pattern.names(pattern.left)) - set(pattern.names(pattern.right)))
        if lost:
            return f"{lost[0].split('#')[0]} stands on the left only: `Reduce` reduces an axis"
        known = {*pattern.numbers, *self.given_sizes(), *pattern.names(pattern.left)}
        new = [atom for atom in pattern.names(pattern.right) if atom not in known]
        return f"the size of the new axis {new[0]} must be given: `{new[0]}=…`" if new else None
