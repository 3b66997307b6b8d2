"""Calls with PyTorch's arguments: sizes of the input among them, and others without the name that they need here.

`Conv2d(3, 64, 7, 2, 3)` can be meant in two ways: as PyTorch reads it, or as this operator's own parameters in order.
Where only one of them is possible, the call to write is told; where both are, the size of the input decides, once the
layer is applied. Either way the layer goes on as it was meant, so that what follows it is checked too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nndsl.diagnostics import Diagnostic, Edit, Fix
from nndsl.elaborate.context import Context
from nndsl.elaborate.operands import Operands
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import Given, OpLayer, is_size
from nndsl.ir.graph import Value
from nndsl.ops.kinds import Unfit
from nndsl.ops.schema import Inferred, Op, Param
from nndsl.shapes import Dim, TensorType
from nndsl.source import Span
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.elaborate.reports import LayerSay

UNKNOWN = object()  # a value that is not looked at


@dataclass(slots=True)
class Reading:
    """What each argument is for: a parameter, or a size to be left out."""

    given: dict[str, Given] = field(default_factory=dict)
    left_out: dict[str, Given] = field(default_factory=dict)


@dataclass(slots=True)
class Doubt:
    """A call that can be meant in two ways, told as `found`."""

    found: Diagnostic
    node: ast.Call
    ours: Reading
    theirs: Reading


def torch_order(op: type[Op]) -> list[str]:
    """PyTorch's arguments in its order."""
    names = [p.name for p in _own(op)]
    for size in op.inferred:
        names.insert(size.place, size.name)
    return names


def told(
    op: type[Op], positional: list[Given], keywords: dict[str, Given], node: ast.Call, scope: Scope | None, ctx: Context
) -> OpLayer | None:
    """The layer that was meant, after saying what is wrong with the call; None where it is right, or wrong in another
    way."""
    if not suspicious(op, positional, keywords):
        return None
    order = [p.name for p in op.params.values() if not p.keyword]
    surplus = _surplus(op, positional, keywords)
    theirs = _theirs(op, positional, keywords)
    ours = _ours(op, positional, keywords) if surplus or theirs is None else None
    if theirs is None and ours is None:
        return None
    code = "too-many-arguments" if surplus else "unknown-argument"
    if theirs is not None and ours is not None:
        hints = [f"{_inferred(theirs)}: `{_call(op, node, theirs)}`", _otherwise(op, node, ours)]
        found = ctx.error(code, _words(op, ours), positional[len(order)].span, scope, hints=hints)
        return OpLayer(op, node.span, _converted(op, ours), Doubt(found, node, ours, theirs))
    reading = theirs or ours
    assert reading is not None
    found = ctx.error(code, _words(op, reading), _place(order, reading, positional), scope)
    found.fixes += _fixes(op, node, reading)
    return OpLayer(op, node.span, _converted(op, reading))


def suspicious(op: type[Op], positional: Sequence[Given], keywords: Mapping[str, Given]) -> bool:
    """Does the call have what only PyTorch's arguments would explain?"""
    if not op.inferred:
        return False
    return any(size.name in keywords for size in op.inferred) or _surplus(op, positional, keywords)


def _surplus(op: type[Op], positional: Sequence[Given], keywords: Mapping[str, Given]) -> bool:
    """More by position than there is room for."""
    order = [p.name for p in op.params.values() if not p.keyword]
    return len(positional) > len(order) or any(name in keywords for name in order[: len(positional)])


def settled(layer: OpLayer, operands: Operands) -> OpLayer:
    """The layer as the input shows that it was meant."""
    doubt, op = layer.doubt, layer.op
    if doubt is None:
        return layer
    types = [None if value is None else value.type for value in operands.positional]
    left_out = {size: doubt.theirs.left_out[size.name] for size in op.inferred if size.name in doubt.theirs.left_out}
    fits = all(_size_of(size, types) == given.value for size, given in left_out.items())
    reading = doubt.theirs if fits else doubt.ours
    doubt.found.message = _words(op, reading)
    one = fits and len(doubt.theirs.given) == 1  # says little about what was meant
    doubt.found.fixes[:] = fixes = _fixes(op, doubt.node, reading)
    doubt.found.hints[:] = [*(fix.title for fix in fixes), _otherwise(op, doubt.node, doubt.ours)] if one else []
    return OpLayer(op, layer.span, _converted(op, reading))


def warn_misread(op: Op, say: LayerSay) -> None:
    """A call that is right, and that nobody would write for what it means."""
    advice = advice_on_sizes(op, say.given, say.values)
    if advice and op.seems_misread(*[value.type for value in say.values if value is not None]):
        first = next(p.name for p in op.params.values() if p.required)
        words = (
            f"{op.spell()} has {first} {getattr(op, first)}, as many as its input: these look like PyTorch's arguments"
        )
        say.warning(words, code="suspicious-size", at=first, help=advice[0])


def advice_on_sizes(op: Op, given: dict[str, Given], inputs: list[Value | None]) -> list[str]:
    """Where the first of two sizes may be PyTorch's, because the input has it: what to write then."""
    if len(op.inferred) != 1 or op.inferred[0].place or len(op.needed()) < 2:
        return []
    required = [p.name for p in op.params.values() if p.required]
    by_position = [name for name in given if given[name].name_span is None]
    if by_position[:2] != required[:2]:
        return []
    size = op.inferred[0]
    types = [None if value is None else value.type for value in inputs]
    if given[required[0]].value != _size_of(size, types):
        return []
    kept = [_text(given[name]) for name in by_position[1:]]
    named = [f"{name}={_text(found)}" for name, found in given.items() if name not in by_position]
    missing = [required[-1]] if len(by_position) == 2 else []
    written = f"{op.name}({', '.join([*kept, *missing, *named])})"
    left_out = f"if {_text(given[required[0]])} is PyTorch's {size.name}, leave it out"
    return [f"{required[0]} comes first here: {left_out}: `{written}`"]


def _size_of(size: Inferred, types: list[TensorType | None]) -> Any:
    type_ = types[size.of] if size.of < len(types) else None
    return type_.shape[size.axis] if type_ is not None and -type_.rank <= size.axis < type_.rank else None


# ---------------------------------------------------------------- readings


def _own(op: type[Op]) -> list[Param]:
    counts = {size.count for size in op.inferred}
    return [p for p in op.params.values() if p.name not in ("init", "bias_init") and p.name not in counts]


def _theirs(op: type[Op], positional: list[Given], keywords: dict[str, Given]) -> Reading | None:
    order = torch_order(op)
    if len(positional) > len(order):
        return None
    sizes = {size.name: size for size in op.inferred}
    reading = Reading()
    for name, given in [*zip(order, positional, strict=False), *keywords.items()]:
        if name in reading.given or name in reading.left_out:
            return None
        if name not in sizes:
            reading.given[name] = given
            continue
        reading.left_out[name] = given
        covered = given.value if isinstance(given.value, (list, tuple)) else [given.value]
        if not covered or not all(map(_is_count, covered)) or (len(covered) > 1 and not sizes[name].count):
            return None
        if len(covered) > 1:
            reading.given[sizes[name].count] = Given(len(covered), given.span)
    return reading if reading.left_out and _possible(op, reading) else None


def _ours(op: type[Op], positional: list[Given], keywords: dict[str, Given]) -> Reading | None:
    order = [p.name for p in _own(op)]
    given = dict(zip(order, positional, strict=False))
    if len(positional) > len(order) or given.keys() & keywords.keys():
        return None
    sizes = {size.name for size in op.inferred}
    left_out = {name: g for name, g in keywords.items() if name in sizes}
    reading = Reading(given | {name: g for name, g in keywords.items() if name not in sizes}, left_out)
    return reading if _possible(op, reading) else None


def _possible(op: type[Op], reading: Reading) -> bool:
    """What is still missing is told where the layer is applied, unless it may stand at another parameter's place."""
    placed = [name for name, given in (reading.given | reading.left_out).items() if given.name_span is None]
    if placed and any(p.required and p.name not in reading.given for p in op.params.values()):
        return False
    return all(name in op.params and _fits(op.params[name], given) for name, given in reading.given.items())


def _fits(param: Param, given: Given) -> bool:
    """A whole number is no small one: 64 is neither an eps nor a share."""
    small = isinstance(param.default, float) and param.default < 1 and given.name_span is None
    if given.value is UNKNOWN:
        return not small
    if small and is_size(given.value) and given.value != 0:
        return False
    try:
        param.convert(given.value)
    except Unfit:
        return False
    return True


def _is_count(value: Any) -> bool:
    return value is UNKNOWN or isinstance(value, Dim) or (is_size(value) and value >= 1)


def _converted(op: type[Op], reading: Reading) -> dict[str, Given]:
    return {
        name: given if given.value is UNKNOWN else replace(given, value=op.params[name].convert(given.value))
        for name, given in reading.given.items()
    }


# ---------------------------------------------------------------- what is said


def _words(op: type[Op], reading: Reading) -> str:
    order = [p.name for p in op.params.values() if not p.keyword]
    takes = f"{op.name} takes {_listed(order)}" if order else f"{op.name} takes its arguments by name"
    if reading.left_out:
        return f"{takes}; {_inferred(reading)}"
    return f"{takes} without a name, and no more" if order else takes


def _inferred(reading: Reading) -> str:
    names = _listed(list(reading.left_out))
    values = _listed([_text(given) for given in reading.left_out.values()])
    return f"{names}, here {values}, {'are' if len(reading.left_out) > 1 else 'is'} inferred from the input"


def _otherwise(op: type[Op], node: ast.Call, ours: Reading) -> str:
    name, given = next(iter(ours.given.items()))
    return f"if {_text(given)} is {name}: `{_call(op, node, ours)}`"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]


def _place(order: list[str], reading: Reading, positional: list[Given]) -> Span:
    if not reading.left_out:
        return positional[len(order)].span
    spans = [given.span if given.name_span is None else given.name_span for given in reading.left_out.values()]
    return spans[0] if len(spans) == 1 else spans[0].to(spans[-1])


def _arguments(op: type[Op], node: ast.Call, reading: Reading) -> list[str | None]:
    """Each argument as it is to be written; None for one that is left out."""
    names = {given.span: name for name, given in reading.given.items()}
    counts = {size.count for size in op.inferred if size.count}
    found: list[str | None] = []
    for argument in node.arguments or []:
        name = names.get(argument.value.span)
        if name in counts and argument.name is None:
            found.append(f"{name}={reading.given[name].value}")
        elif name is None:
            found.append(None)
        elif argument.name is None and op.params[name].keyword:
            found.append(f"{name}={argument.value.span.text}")
        else:
            found.append(argument.span.text)
    return found


def _call(op: type[Op], node: ast.Call, reading: Reading) -> str:
    kept = [text for text in _arguments(op, node, reading) if text is not None]
    return op.name + (f"({', '.join(kept)})" if kept else "")


def _fixes(op: type[Op], node: ast.Call, reading: Reading) -> list[Fix]:
    given = node.arguments or []
    if any(argument.star for argument in given):
        return []
    texts = _arguments(op, node, reading)
    if not any(texts):
        edits = [Edit(_between(node.callee.span.end, node.span), "")]
    else:
        edits = [e for i in range(len(given)) for e in _edits(given, texts, i)]
    return [Fix(f"write `{_call(op, node, reading)}`", edits)]


def _edits(given: list[ast.Argument], texts: list[str | None], at: int) -> list[Edit]:
    """Only what changes is replaced: comments and line breaks stay."""
    span, text = given[at].span, texts[at]
    if text is not None:
        return [] if text == span.text else [Edit(span, text)]
    if any(later is not None for later in texts[at + 1 :]):
        return [Edit(Span(span.source, span.start, given[at + 1].span.start), "")]
    return [Edit(_between(given[at - 1].span.end, span), "")]


def _between(start: int, span: Span) -> Span:
    return Span(span.source, start, span.end)


def _text(given: Given) -> str:
    return given.span.text if "\n" not in given.span.text else "…"
