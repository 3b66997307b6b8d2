"""How an operator tells what is wrong with its inputs: the reporting half of a shape rule.

`at` names the place: a parameter's name, the index of an input, or None for the layer as a whole. Every question
(`known`, `same`, `rank`, …) says its own mistake and answers False or None, so that a shape rule reads as guards.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

from nndsl.ops.kinds import WIDEST_FLOAT
from nndsl.shapes import Dim, Facts, Size, TensorType, is_floating, is_integral

At = str | int | None

_WIDEST = {"float16": 65504.0, "float64": (2 - 2.0**-52) * 2.0**1023, "bool": inf}


def bounds(dtype: str) -> tuple[float, float]:
    """The least and the greatest finite number of a type; any number is true or false."""
    if not is_integral(dtype):
        return -_WIDEST.get(dtype, WIDEST_FLOAT), _WIDEST.get(dtype, WIDEST_FLOAT)
    bits = int(dtype.lstrip("uint"))
    return (0, (1 << bits) - 1) if dtype[0] == "u" else (-(1 << bits - 1), (1 << bits - 1) - 1)


class Say:
    """Base: subclasses implement `error`. `who` is the operator as messages name it (`Conv2d`)."""

    def __init__(self, who: str, facts: Facts | None = None) -> None:
        self.who = who
        self.facts = facts if facts is not None else Facts()

    def error(
        self, message: str, *, code: str = "bad-value", at: At = None, label: str = "", help: str | None = None
    ) -> None:
        raise NotImplementedError

    def warning(self, message: str, *, code: str, at: At = None, help: str | None = None) -> None:
        """What is allowed, and will probably not do what is wanted."""
        raise NotImplementedError

    def subject(self, at: At) -> str:
        """What messages call an input."""
        return "this"

    # ------------------------------------------------------------ questions

    def known(self, size: Size, what: str, at: At = 0) -> int | None:
        """The size as a number: sizes of weights must be known while compiling."""
        if isinstance(size, Dim):
            self.error(
                f"{self.who} needs to know {what} while compiling, and it is {self.spell(size)}",
                code="unknown-dim",
                at=at,
                help=f"give {self._unknowns(size)} a value in the type of the input, or fix it with --dim",
            )
            return None
        return size

    def _unknowns(self, size: Dim) -> str:
        found = self.facts.spelled(size)
        return " and ".join(sorted(found.symbols())) if isinstance(found, Dim) else str(found)

    def same(
        self, a: Size, b: Size, what: str, at: At = 0, *, axis: int | None = None, help: str | None = None
    ) -> bool:
        """Are the two sizes provably equal? `what` completes "…: a ≠ b"; the help is the missing fact, if no other."""
        answer = self.facts.equal(a, b)
        if answer:
            return True
        if answer is None:
            fact = self.facts.missing_fact(a, b)
            self.error(
                f"{what}: cannot prove that {self.spell(a)} equals {self.spell(b)}",
                code="unproven",
                at=at,
                help=help or (f"state it in the model: `require {fact}`" if fact else None),
            )
        else:
            self.error(f"{what}: {self.spell(a)} ≠ {self.spell(b)}", code="shape-mismatch", at=at, help=help)
        return False

    def agree(self, pairs: Iterable[tuple[int, Size, Size]], message: str, at: At = 0, rank: int = 0) -> bool:
        """Are the sizes of these dims provably equal? All that differ, or all that must be stated, is said at once."""
        bad = [(axis, a, b) for axis, a, b in pairs if not self.facts.equal(a, b)]
        wrong = [(axis, a, b) for axis, a, b in bad if self.facts.equal(a, b) is False]
        if wrong:
            self.error(message, code="shape-mismatch", at=at, label=self._differences(wrong, "≠"))
        elif bad:
            facts = [self.facts.missing_fact(a, b) for _, a, b in bad if 1 not in (a, b)]
            needed = " and ".join(dict.fromkeys(f for f in facts if f))
            help = f"state it in the model: `require {needed}`" if needed else None
            if rank and all(1 in (a, b) for _, a, b in bad):
                larger = {axis: self.spell(b if a == 1 else a) for axis, a, b in bad}
                sizes = ", ".join(larger.get(axis, "-1") for axis in range(rank))
                help = f"repeat the smaller one first: `-> Expand({sizes})`"
            self.error(message, code="unproven", at=at, label=f"cannot prove {self._differences(bad, '=')}", help=help)
        return not bad

    def _differences(self, pairs: list[tuple[int, Size, Size]], sign: str) -> str:
        """`dim 1: 128 ≠ 64, dims 2 and 3: 28 ≠ 56`."""
        groups: dict[str, list[str]] = {}
        for axis, a, b in pairs:
            groups.setdefault(f"{self.spell(a)} {sign} {self.spell(b)}", []).append(str(axis))
        parts = []
        for text, axes in groups.items():
            listed = " and ".join(filter(None, [", ".join(axes[:-1]), axes[-1]]))
            parts.append(f"dim{'s' if len(axes) > 1 else ''} {listed}: {text}")
        return ", ".join(parts)

    def rank(self, x: TensorType, *ranks: int, layout: str = "", at: At = 0) -> bool:
        """Has x one of these ranks? `layout` shows what is meant: `[N, C, H, W]`."""
        if x.rank in ranks:
            return True
        wanted = layout or " or ".join(f"{r} dims" for r in ranks)
        dims = "1 dim" if x.rank == 1 else f"{x.rank} dims"
        which = self.subject(at) if at else "this"
        self.error(f"{self.who} takes {wanted}, and {which} has {dims}: {self.type(x)}", code="rank-mismatch", at=at)
        return False

    def rank_at_least(self, x: TensorType, least: int, *, layout: str = "", at: At = 0) -> bool:
        if x.rank >= least:
            return True
        wanted = layout or f"at least {least} dims"
        self.error(f"{self.who} takes {wanted}, and this has {x.rank}: {self.type(x)}", code="rank-mismatch", at=at)
        return False

    def floating(self, x: TensorType, at: At = 0, help: str | None = None) -> bool:
        if is_floating(x.dtype):
            return True
        embed = "embed indices with `Embedding`, or " if is_integral(x.dtype) else ""
        self.error(
            f"{self.who} takes floating-point numbers, and {self.subject(at)} is {x.dtype}",
            code="dtype-mismatch",
            at=at,
            help=help or f"{embed}convert with `Cast(float)`",
        )
        return False

    def integral(self, x: TensorType, at: At = 0) -> bool:
        if is_integral(x.dtype):
            return True
        self.error(
            f"{self.who} takes whole numbers (indices), and {self.subject(at)} is {x.dtype}",
            code="dtype-mismatch",
            at=at,
            help="declare the input as `int[…]`, or convert with `Cast(int)`",
        )
        return False

    def index(self, x: TensorType, at: At = 0) -> bool:
        """PyTorch looks up by 32 and 64 bits: a uint8 is a mask to it, and others it refuses."""
        if x.dtype in ("int32", "int64"):
            return True
        if self.integral(x, at):
            self.error(
                f"{self.who} takes indices of type int64 or int32, and this is {x.dtype}",
                code="dtype-mismatch",
                at=at,
                help="convert them with `Cast(int64)`",
            )
        return False

    def boolean(self, x: TensorType, at: At = 0) -> bool:
        if x.dtype == "bool":
            return True
        message = f"{self.who} takes true/false values (bool), and {self.subject(at)} is {x.dtype}"
        self.error(message, code="dtype-mismatch", at=at, help="convert with `Cast(bool)`, or compare: `x > 0`")
        return False

    def holds(self, dtype: str, number: Any, at: At = None) -> bool:
        """Can a tensor of this type hold the number? PyTorch would cut it, or refuse it when the model runs."""
        least, most = bounds(dtype)
        whole = not is_integral(dtype) or (abs(number) != inf and number == int(number))
        if whole and (least <= number <= most or abs(number) == inf):
            return True
        self.error(f"{dtype} cannot hold {number}", code="dtype-mismatch", at=at)
        return False

    def axis(self, dim: int, rank: int, at: At = "dim") -> int | None:
        """`dim` counted from 0, when it exists."""
        if -rank <= dim < rank:
            return dim % rank
        dims = f"there are {rank} dims, counted from 0" if rank > 1 else "there is one dim" if rank else "there is none"
        self.error(f"dim {dim} does not exist: {dims}", code="bad-value", at=at)
        return None

    def positive(self, size: Size, what: str, at: At = None) -> bool:
        """A size that is provably less than 1 is a mistake (a window larger than its input)."""
        upper = self.facts.upper_bound(size)
        if upper is None or upper >= 1:
            return True
        self.error(f"{what} would be {self.spell(size)}", code="shape-mismatch", at=at)
        return False

    # ------------------------------------------------------------ spelling

    def spell(self, size: Size) -> str:
        return self.facts.spell(size)

    def type(self, x: TensorType) -> str:
        return "[" + ", ".join(self.spell(s) for s in x.shape) + "]"


class Collect(Say):
    """Keeps messages in a list: for tests and for trying a rule out."""

    def __init__(self, who: str = "op", facts: Facts | None = None) -> None:
        super().__init__(who, facts)
        self.messages: list[tuple[str, str]] = []

    def error(
        self, message: str, *, code: str = "bad-value", at: At = None, label: str = "", help: str | None = None
    ) -> None:
        self.messages.append((code, message))

    def warning(self, message: str, *, code: str, at: At = None, help: str | None = None) -> None:
        self.error(message, code=code, at=at, help=help)
