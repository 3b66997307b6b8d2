"""What is computed from weights and constants alone, written as a short formula: `1 − mu`, `tanh(gate)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from nndsl.ops.schema import Op

SIGNS = {
    "Add": "+", "Subtract": "−", "Multiply": "×", "Divide": "÷", "MatMul": "·", "Concat": "©", "Power": "**",
    "FloorDivide": "//", "Remainder": "%", "Equal": "=", "NotEqual": "≠", "Less": "<", "LessEqual": "≤",
    "Greater": ">", "GreaterEqual": "≥", "LogicalAnd": "and", "LogicalOr": "or",
}  # fmt: skip
ORDERED = {
    "Add",
    "Multiply",
    "Equal",
    "NotEqual",
    "LogicalAnd",
    "LogicalOr",
}  # which mean the same with their sides exchanged
BETWEEN = {"MatMul", "Concat"}  # which are told by name beside a constant; their circles the legend explains
POWERS = {2: "²", 3: "³"}
MOST_FORMULA, MOST_INSIDE = 24, 12  # letters: of a formula, and of a constant in it that has no name of its own
ATOM, POWER, PRODUCT, SUM, LOOSE = 5, 4, 3, 2, 1  # how strongly a formula holds together
STRENGTH = {
    "Add": SUM, "Subtract": SUM, "Multiply": PRODUCT, "Divide": PRODUCT, "FloorDivide": PRODUCT, "Remainder": PRODUCT,
    "MatMul": PRODUCT, "Power": POWER,
}  # fmt: skip
PREFIXES = {"Negative": "−", "LogicalNot": "not "}
SAME = {
    "ChannelShuffle", "Chunk", "Expand", "Flatten", "Identity", "Index", "Item", "Permute", "PixelShuffle",
    "PixelUnshuffle", "Rearrange", "Repeat", "Reshape", "Split", "Squeeze", "Tile", "Transpose", "Transposed", "Unbind",
    "Unflatten", "Unsqueeze", "Cast", "StopGradient",
}  # fmt: skip

Part: TypeAlias = tuple[str, int]  # a formula, and how strongly it holds together


def formula(op: Op, parts: Sequence[Part]) -> Part | None:
    """Of an operator on these formulas; None where no short one says it. What is only rearranged keeps its name."""
    if len(parts) == 1 and op.name in SAME:
        return parts[0]
    made = _signed(op, parts) or _prefixed(op, parts) or _called(op, parts)
    return made if made is not None and len(made[0]) <= MOST_FORMULA else None


def _signed(op: Op, parts: Sequence[Part]) -> Part | None:
    if op.name not in SIGNS or op.name == "Concat" or not parts:
        return None
    other = getattr(op, "other", None)
    if other is None and len(parts) != 2:
        return None
    if op.name == "Power" and other in POWERS and not getattr(op, "reverse", False):
        return guarded(parts[0], ATOM) + POWERS[other], POWER
    number = _number(other)
    left, right = (
        parts if other is None else (number, parts[0]) if getattr(op, "reverse", False) else (parts[0], number)
    )
    own = STRENGTH.get(op.name, LOOSE)
    text = f"{guarded(left, own + (op.name == 'Power'))} {SIGNS[op.name]} {guarded(right, own + _is_left(op))}"
    return text, own


def _number(value: Any) -> Part:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text, ATOM if isinstance(value, (int, float)) or text.isidentifier() else LOOSE


def _is_left(op: Op) -> bool:
    """Does `a ∘ (b ∘ c)` mean something else than without brackets?"""
    return op.name not in {"Add", "Multiply"}


def _prefixed(op: Op, parts: Sequence[Part]) -> Part | None:
    sign = PREFIXES.get(op.name)
    return (sign + guarded(parts[0], ATOM), SUM) if sign is not None and len(parts) == 1 else None


def _called(op: Op, parts: Sequence[Part]) -> Part | None:
    """`exp(mu)`, `GELU(mu)`, `softmax(mu)`: hyperparameters are beside the point."""
    if op.hidden or not parts:
        return None
    name = op.heading.lower() if op.heading[1:].islower() else op.heading
    return f"{name}({', '.join(text for text, _ in parts)})", ATOM


def guarded(part: Part, least: int) -> str:
    """In brackets, where it holds together less than so."""
    text, strength = part
    return text if strength >= least else f"({text})"


def inside(part: Part) -> Part:
    """In another formula: `Ones(…)` for what is told with its arguments where it stands alone."""
    head, bracket, _ = part[0].partition("(")
    return (f"{head}(…)" if bracket and head and len(part[0]) > MOST_INSIDE else part[0]), part[1]


def operand(op: Op | None, part: Part) -> str:
    """As what stands beside the sign of an operator: what has a sign of its own is in brackets."""
    return guarded(part, ATOM) if op is not None and op.name in SIGNS and op.name not in BETWEEN else part[0]


def of_some(names: Sequence[str]) -> str:
    """Where no formula is short: `f(mu, sigma)`, which is clearly none of them alone."""
    whole = f"f({', '.join(names)})"
    return whole if len(whole) <= MOST_FORMULA else f"f({names[0]}, …)"
