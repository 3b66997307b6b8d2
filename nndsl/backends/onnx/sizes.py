"""Symbolic sizes at run time: read from the shapes of values at hand, solved for their symbols where need be.

All pieces are vectors of one element, so that a shape is one Concat of them; equal ones are computed once per body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nndsl.backends.onnx.records import Tensor
from nndsl.shapes import Dim, Size
from nndsl.shapes.dims import Atom, Terms, lower_bound
from nndsl.shapes.forms import linear_in

if TYPE_CHECKING:
    from nndsl.backends.onnx.builder import Builder


class Unsolvable(Exception):
    """No value at hand tells the size of a symbol."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.symbol = symbol


class Sizes:
    """The sizes of one body."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.pieces: dict[Dim, Tensor] = {}
        self.solving: set[str] = set()

    def vector(self, sizes: Sequence[Size]) -> Tensor:
        """Runs of known sizes are one constant, neighbouring axes of one value one Shape."""
        parts: list[Tensor] = []
        at = 0
        while at < len(sizes):
            count, part = self._run(sizes[at:])
            parts.append(part)
            at += count
        if len(parts) == 1:
            return parts[0]
        made: Tensor = self.builder.op("Concat", *parts, axis=0)
        return made

    def _run(self, sizes: Sequence[Size]) -> tuple[int, Tensor]:
        known = next((i for i, s in enumerate(sizes) if isinstance(s, Dim)), len(sizes))
        if known:
            return known, self.builder.const(list(sizes[:known]))
        found = self._axis(sizes[0])
        if found is None:
            return 1, self.piece(sizes[0])
        value, axis = found
        count = 1
        while count < len(sizes) and axis + count < value.rank and sizes[count] == value.shape[axis + count]:
            count += 1
        return count, self._shape(value, axis, count)

    def piece(self, size: Size) -> Tensor:
        """One size as a vector of one element."""
        if not isinstance(size, Dim):
            return self.builder.const([size])
        if size not in self.pieces:
            found = self._axis(size)
            self.pieces[size] = self._shape(*found, 1) if found is not None else self._sum(size.terms)
        return self.pieces[size]

    def scalar(self, size: Size) -> Tensor:
        if not isinstance(size, Dim):
            return self.builder.const(size)
        made: Tensor = self.builder.op("Squeeze", self.piece(size))
        return made

    # ------------------------------------------------------------ reading

    def _shape(self, value: Tensor, axis: int, count: int) -> Tensor:
        end = axis + count
        made: Tensor = self.builder.op("Shape", value, start=axis or None, end=end if end < value.rank else None)
        return made

    def _axis(self, size: Size) -> tuple[Tensor, int] | None:
        for value in self._at_hand():
            for axis, other in enumerate(value.shape):
                if isinstance(other, Dim) and other == size:
                    return value, axis
        return None

    def _at_hand(self) -> Iterator[Tensor]:
        """Inputs of the body first: what is read from them is shared by all."""
        for value in (*self.builder.body.inputs, *self.builder.operands):
            if value.known is not None:
                yield value

    def _earlier(self) -> Iterator[Tensor]:
        yield from self._at_hand()
        for step in self.builder.body.steps:
            yield from (v for v in step.outputs if v is not None and v.known is not None)

    # ------------------------------------------------------------ arithmetic

    def _sum(self, terms: Terms) -> Tensor:
        total: Tensor | None = None
        ordered = sorted(terms.items(), key=lambda item: (item[1] < 0, not item[0]))
        for monomial, factor in ordered:
            subtract = factor < 0 and total is not None
            term = self._product(monomial, abs(factor) if subtract else factor)
            total = term if total is None else self.builder.op("Sub" if subtract else "Add", total, term)
        assert total is not None
        return total

    def _product(self, monomial: tuple[Atom, ...], factor: int) -> Tensor:
        total = self.builder.const([factor]) if factor != 1 or not monomial else None
        for atom in monomial:
            value = self._atom(atom)
            total = value if total is None else self.builder.op("Mul", value, total)
        assert total is not None
        return total

    def _atom(self, atom: Atom) -> Tensor:
        if not atom.operands:
            whole = Dim({(atom,): 1})
            if whole not in self.pieces:
                found = self._axis(whole)
                self.pieces[whole] = self._shape(*found, 1) if found is not None else self._solve(atom)
            return self.pieces[whole]
        if atom.kind == "div":
            return self._quotient(*atom.operands)
        parts = [self.piece(o) for o in atom.operands]
        made: Tensor = self.builder.op("Min" if atom.kind == "min" else "Max", *parts)
        return made

    def _quotient(self, a: Size, b: Size) -> Tensor:
        """ONNX's Div rounds towards zero; `//` rounds down."""
        over, under = self.piece(a), self.piece(b)
        low, least = lower_bound(a), lower_bound(b)
        if low is None or low < 0 or least is None or least < 1:
            over = self.builder.op("Sub", over, self.builder.op("Mod", over, under))
        made: Tensor = self.builder.op("Div", over, under)
        return made

    def _divided(self, total: Tensor, factor: Size) -> Tensor:
        made: Tensor = self.builder.op("Div", total, self.piece(factor))
        return made

    def _solve(self, symbol: Atom) -> Tensor:
        """The symbol from an axis `a * symbol + b` of a value at hand, a and b being known."""
        if symbol in self.solving:
            raise Unsolvable(str(symbol))
        self.solving.add(symbol)
        try:
            for value in self._earlier():
                for axis, size in enumerate(value.shape):
                    if isinstance(size, Dim) and (found := self._solved(symbol, value, axis, size)) is not None:
                        return found
            if symbol in self.builder.facts.hidden:
                over, under = self.builder.facts.hidden[symbol]
                return self._quotient(over, under)
        finally:
            self.solving.discard(symbol)
        raise Unsolvable(str(symbol))

    def _solved(self, symbol: Atom, value: Tensor, axis: int, size: Dim) -> Tensor | None:
        factor, rest = linear_in(symbol, size)
        if factor == 0 or any(s in self.solving and s != symbol for s in _symbols(factor) | _symbols(rest)):
            return None
        total = self._shape(value, axis, 1)
        try:
            if rest != 0:
                total = self.builder.op("Sub", total, self.piece(rest))
            return total if factor == 1 else self._divided(total, factor)
        except Unsolvable:
            return None


def _symbols(size: Size) -> frozenset[str]:
    return size.symbols() if isinstance(size, Dim) else frozenset()
