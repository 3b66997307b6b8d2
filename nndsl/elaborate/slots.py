"""Which argument is for which parameter, and what is said where that does not come out."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Edit, Fix, Label
from nndsl.elaborate import foreign
from nndsl.elaborate.context import Context
from nndsl.elaborate.scope import Scope, nearest
from nndsl.elaborate.values import Given
from nndsl.ops.schema import Op
from nndsl.source import Span
from nndsl.syntax import ast

SIZED = ("Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose", "BatchNorm", "InstanceNorm", "LayerNorm",
         "GroupNorm", "RMSNorm", "LSTM", "GRU", "RNN", "MultiheadAttention")  # fmt: skip


@dataclass(slots=True)
class Signature:
    """`order`: what may be given by position; `known`: all names; `open`: takes other names too; `star`: what takes all
    that is left by position."""

    who: str
    order: list[str]
    known: list[str]
    open: bool = False
    defined: Span | None = None
    star: str | None = None

    @staticmethod
    def of(definition: ast.Definition | ast.Extern | ast.Function) -> Signature:
        names = [p.name.id for p in definition.params or []]
        return Signature(definition.name.id, names, names, defined=definition.name.span)

    def labels(self, ctx: Context) -> list[Label]:
        """Where it is defined, if that is a file of the user's."""
        if self.defined is None or ctx.project.is_shipped(self.defined.source):
            return []
        return [Label(self.defined, f"takes {', '.join(self.known) or 'no arguments'}")]


def signature_of(op: type[Op]) -> Signature:
    """Of an operator: one for all its calls."""
    known = _SIGNATURES.get(op)
    if known is not None:
        return known
    order = [p.name for p in op.params.values() if not p.keyword]
    star = next((p.name for p in op.params.values() if p.star), None)
    found = _SIGNATURES[op] = Signature(op.name, order, list(op.params), op.extra is not None, star=star)
    return found


_SIGNATURES: dict[type[Op], Signature] = {}


def place(
    signature: Signature,
    positional: list[Given],
    keywords: dict[str, Given],
    given: dict[str, Given],
    scope: Scope,
    ctx: Context,
) -> bool:
    """Positional arguments fill what is not given yet, in order; keywords fill by name."""
    order = signature.order
    slots = [name for name in order if name not in given or name in keywords] if given else order
    fine = True
    if len(positional) > len(slots):
        too_many(signature, slots, positional[len(slots)].span, scope, ctx)
        fine = False
    for name, value in zip(slots, positional, strict=False):
        if name in keywords:
            at = keywords[name].name_span or keywords[name].span
            first = [Label(value.span, "first here")]
            ctx.error("bad-argument", f"{signature.who}: {name} is given twice", at, scope, labels=first)
            fine = False
        given[name] = value
    for name, value in keywords.items():
        if name not in signature.known and not signature.open:
            unknown(signature, name, value.name_span or value.span, scope, ctx)
            fine = False
        else:
            given[name] = value
    return fine


def missing(op: type[Op], left: list[str], span: Span, scope: Scope, ctx: Context) -> None:
    """`left`: what has no default and is not given."""
    order = ", ".join(p.name for p in op.params.values() if not p.keyword)
    message = f"{op.name} needs its argument{'s' if len(left) > 1 else ''} {', '.join(left)}"
    ctx.error("missing-argument", message, span, scope, hints=[f"its arguments are ({order})"])


def too_many(signature: Signature, slots: list[str], span: Span, scope: Scope, ctx: Context) -> None:
    takes = f"at most {len(slots)}" if slots else "no"
    listed = f": {', '.join(slots)}" if slots else ""
    message = f"{signature.who} takes {takes} argument{'s' if len(slots) != 1 else ''}{listed}"
    sized = signature.defined is None and signature.who.startswith(
        SIZED
    )  # PyTorch's take the size of their input first
    hints = ["input sizes are inferred: leave them out"] if sized else []
    if slots[-1:] == ["body"]:
        hints = [f"several layers in a row stand in braces: `{signature.who} {{ a -> b }}`"]
    ctx.error("too-many-arguments", message, span, scope, labels=signature.labels(ctx), hints=hints)


def unknown(signature: Signature, name: str, span: Span, scope: Scope, ctx: Context) -> None:
    known = signature.known
    message = f"{signature.who} has no argument {name}"
    found = ctx.error("unknown-argument", message, span, scope, labels=signature.labels(ctx))
    meant, note = foreign.argument(name, known)
    close = meant or (None if note == foreign.INFERRED else nearest(name, known))
    note = note if signature.defined is None and not close else None
    if note:
        found.hints.append(note)
    elif close:
        found.hints.append(f"did you mean {close}?")
        found.fixes.append(Fix(f"rename it to {close}", [Edit(span, close)]))
    elif known and not found.labels:
        found.hints.append(f"it takes {', '.join(known)}")
