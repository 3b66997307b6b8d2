"""The tensors on the left of `->`, matched with the inputs of what stands on its right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nndsl.diagnostics import Label
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.context import Context
from nndsl.elaborate.scope import nearest
from nndsl.elaborate.values import Labelled, Poison
from nndsl.ir.graph import Value
from nndsl.source import Span


@dataclass(slots=True)
class Operands:
    """By position, and by name (`(q, k, v, attn_mask: mask)`). None stands for an optional input that is not given."""

    positional: list[Value | None]
    named: dict[str, Value | None]

    @property
    def count(self) -> int:
        return len(self.positional) + len(self.named)


def gather(value: Any, builder: GraphBuilder, span: Span, ctx: Context) -> Operands | None:
    """Tuples inside tuples lie flat; values of outer graphs become inputs of this one."""
    if type(value) is Value:
        taken = builder.take(value)
        return Operands([taken], {}) if in_mode([taken], builder.mode, builder, span, ctx) else None
    found = Operands([], {})
    stack = [value]
    while stack:
        at = stack.pop()
        if isinstance(at, tuple):
            ctx.budget.items(len(at) + len(stack))
            stack.extend(reversed(at))
        elif isinstance(at, Labelled) and (isinstance(at.value, Value) or at.value is None):
            found.named[at.label] = None if at.value is None else builder.take(at.value)
        elif isinstance(at, Value):
            found.positional.append(builder.take(at))
        elif at is None:
            found.positional.append(None)
        elif isinstance(at, Poison):
            return None
        else:
            ctx.error(
                "not-a-tensor",
                f"an input must be a tensor, and this is {ctx.describe(at)}",
                span,
                frame=builder.frame,
            )
            return None
    given = [*found.positional, *found.named.values()]
    return found if in_mode(given, builder.mode, builder, span, ctx) else None


def in_mode(values: Iterable[Value | None], mode: str | None, builder: GraphBuilder, span: Span, ctx: Context) -> bool:
    """What only exists in one mode, while training or otherwise, is not used elsewhere."""
    for value in values:
        made = value.producer if value is not None else None
        if made is not None and made.mode is not None and made.mode != mode and id(value) in builder.values:
            message = f"this tensor only exists {'while training' if made.mode == 'train' else 'when not training'}"
            labels = [Label(made.span, "made here, inside the `if training`")]
            ctx.error("training-only", message, span, frame=builder.frame, labels=labels)
            return False
    return True


def match_inputs(
    who: str, names: list[str], operands: Operands, builder: GraphBuilder, span: Span, ctx: Context
) -> list[Value | None] | None:
    """One entry for each declared input (`"mask?"` may be None), or all of them for `"*xs"`."""
    if names and names[-1].startswith("*"):
        least = sum(not n.startswith("*") for n in names) or 1
        if operands.named or operands.count < least or None in operands.positional:
            ctx.error(
                "wrong-inputs",
                f"{who} takes tensors side by side: `(a, b) -> {who}`",
                span,
                frame=builder.frame,
            )
            return None
        return list(operands.positional)
    if not operands.named and len(operands.positional) == len(names) and None not in operands.positional:
        return list(operands.positional)
    plain = [n.rstrip("?") for n in names]
    unknown = next((n for n in operands.named if n not in plain), None)
    if unknown is not None:
        close = nearest(unknown, plain)
        hint = f"did you mean {close}?" if close else f"its inputs are ({', '.join(names)})"
        ctx.error("wrong-inputs", f"{who} has no input {unknown}", span, frame=builder.frame, hints=[hint])
        return None
    if len(operands.positional) > len(plain):
        _wrong_count(who, names, operands, builder, span, ctx)
        return None
    bound = dict(zip(plain, operands.positional, strict=False))
    twice = next((n for n in operands.named if n in bound), None)
    if twice is not None:
        ctx.error("wrong-inputs", f"{who}: the input {twice} is given twice", span, frame=builder.frame)
        return None
    bound |= operands.named
    if any(bound.get(n) is None for n in names if not n.endswith("?")):
        _wrong_count(who, names, operands, builder, span, ctx)
        return None
    return [bound.get(n) for n in plain]


def _wrong_count(
    who: str, names: list[str], operands: Operands, builder: GraphBuilder, span: Span, ctx: Context
) -> None:
    takes = len(names)
    count = operands.count
    needed = [n for n in names if not n.endswith("?")]
    most = f"{takes} tensors" if len(needed) == takes else f"{len(needed)} to {takes} tensors"
    one = "one tensor" if takes == 1 else f"{most} ({', '.join(names)})" if takes else "no tensor"
    gets = f"{count}{named_parts(operands.positional)}"
    hints: list[str] = []
    run = _several(operands.positional) if count > takes else []
    labels = [Label(run[0].producer.span, f"gives {len(run)}{named_parts(run)}")] if run and run[0].producer else []
    if run and len(run) < count:
        gets = f"{count}, of which {len(run)} are the results{named_parts(run)} of one layer"
    if run:
        hints = [apart(run)]
    elif count > takes and takes == 1:
        hints = ["take one of them with `-> Item(0)`, name them with `a, b = …`, or join them with `-> Concat(dim=1)`"]
    elif count < takes:
        hints = [f"give all of them: `({', '.join(needed)}) -> {who}`"]
    message = f"{who} takes {one}, and this gives {gets}"
    labels = labels if len(run) < count else []
    ctx.error("wrong-inputs", message, span, frame=builder.frame, hints=hints, labels=labels)


def _several(values: Sequence[Value | None]) -> list[Value]:
    """The results of one layer, all of them among these."""
    for at, value in enumerate(values):
        producer = value.producer if value is not None else None
        run = list(values[at : at + len(producer.outputs)]) if producer is not None else []
        if named_parts(run):
            return [each for each in run if each is not None]
    return []


def apart(values: Sequence[Any]) -> str:
    """How to take one of several results, or all."""
    names = named_parts(values)[2:-1].replace("output", "y")
    names = names or ", ".join("abcdefgh"[: len(values)]) + (", …" if len(values) > 8 else "")
    return f"take one with `-> Item(0)`, or name them: `{names} = …`"


def named_parts(values: Sequence[Any]) -> str:
    """` (output, h_n, c_n)`: what the results of one layer are called."""
    producer = getattr(values[0], "producer", None) if values else None
    if producer is None or len(values) < 2 or len(values) != len(producer.outputs):
        return ""
    if any(getattr(v, "producer", None) is not producer for v in values):
        return ""
    ports = [p.name for p in producer.target.outputs] if producer.is_call else list(producer.op.outputs)
    return f" ({', '.join(ports)})" if len(ports) == len(values) and "*ys" not in ports else ""
