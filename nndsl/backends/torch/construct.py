"""The statements of `__init__`: every layer and tensor that a graph owns, and how they get their first
values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nndsl.backends.torch.lowering import Lowering
from nndsl.backends.torch.names import is_attribute, is_key, is_taken, number, quote
from nndsl.backends.torch.pieces import Box, Code, Entry, Group, Line, New, Number, Piece, Slot, show, slots
from nndsl.backends.torch.plan import INLINE, Place, attribute, is_list, operands_of, owns, tensor_path
from nndsl.ir.graph import Graph, Node
from nndsl.ops.emit import Text
from nndsl.ops.initializers import INITIALIZERS, Initializer
from nndsl.shapes import Size

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File

ENOUGH_TO_REPEAT = 3
_COUNTED = re.compile(r"([A-Za-z]\w*?)(\d+)", re.ASCII)
_INFERRED = {"nn.Linear": "in_features", "nn.LayerNorm": "dim", "nn.RMSNorm": "dim", "nn.Embedding": "vocab"}


class Builder:
    """What an operator is handed while its constructor is written."""

    def __init__(self, module: File) -> None:
        self.module = module
        self.made: list[tuple[Sequence[Size], Any, bool, str]] = []

    def layer(self, step: Any, asked: Lowering) -> Text:
        return Text("self.layer")

    def tensor(self, step: Any, name: str, shape: Sequence[Size], init: Any, trained: bool, dtype: str) -> Text:
        self.made.append((shape, init, trained, dtype))
        return Text("self.tensor")

    def size(self, size: Size, asked: Lowering) -> Text:
        raise AssertionError(f"a constructor needs numbers, and {size} is not known")

    def float_dtype(self, asked: Lowering) -> Text:
        return Text("torch.get_default_dtype()")

    def device(self, asked: Lowering) -> Text | None:
        return None

    def targets(self, asked: Lowering, count: int) -> tuple[str, ...]:
        return ("_",) * count

    def local(self, hint: str, taken: Sequence[str]) -> str:
        return hint


class _At:
    """The step that a constructor's writer thinks it is at."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.outs = node.outputs


def statements(module: File, graph: Graph) -> list[Line]:
    """All of `__init__` but its arguments."""
    lines: list[Line] = []
    after: list[Line] = []
    boxed: dict[str, list[tuple[str, Node]]] = {}
    for label, node in graph.layers().items():
        kind = owns(node)
        stem, dot, rest = label.partition(".")
        if dot and kind:
            if stem not in boxed:
                boxed[stem] = []
                lines.append(Line([stem]))
            boxed[stem].append((rest, node))
        elif kind == "layer" and not _is_empty(module, node):
            lines.append(_attribute(label, layer(module, node)))
        elif kind == "tensor":
            lines += _tensor(module, graph, node, after)
        if kind == "layer":
            after += initialised(module, node, Place().path(label))
    refused: list[Line] = []
    for i, line in enumerate(lines):
        if len(line.parts) == 1 and isinstance(line.parts[0], str) and line.parts[0] in boxed:
            members = boxed[line.parts[0]]
            lines[i] = _attribute(line.parts[0], _boxed(module, members))
            refused += _refused(module, members, attribute("self", line.parts[0]))
    return lines + refused + after


def _is_empty(module: File, node: Node) -> bool:
    """A list whose members are all others' layers, or none: it is written out where it is called."""
    if not isinstance(node.target, Graph) or not is_list(node.target):
        return False
    plan = module.plans.of(node.target)
    return plan.kind == INLINE and all(_is_empty(module, member) for member in plan.owned)


def _attribute(label: str, made: Piece) -> Line:
    if is_attribute(label):
        return Line([f"self.{label} = ", made])
    if is_taken(label):
        return Line([f"{attribute('self', label)} = ", made])
    return Line([f"self.add_module({quote(label)}, ", made, ")"])


# ---------------------------------------------------------------- layers


def layer(module: File, node: Node) -> Piece:
    """The constructor of a node's layer."""
    if not isinstance(node.target, Graph):
        return _operator(module, node)
    if not is_list(node.target):
        return module.instance(node.target, node.texts)
    plan = module.plans.of(node.target)
    module.written(len(plan.owned), node)
    entries = [Entry(n.label, layer(module, n)) for n in plan.owned]
    if plan.box != "nn.ModuleDict" and plan.numbered:
        entries = _repeated(entries)
    elif plan.box == "nn.Sequential":
        entries = _counted(entries)
    return Box(plan.box, entries, plan.numbered)


Members = list[tuple[str, Node]]


def _by_first(members: Members) -> dict[str, Members]:
    """Of labels with several dots, those that begin alike together."""
    found: dict[str, Members] = {}
    for label, node in members:
        first, _, rest = label.partition(".")
        found.setdefault(first, []).append((rest, node))
    return found


def _boxed(module: File, members: Members) -> Piece:
    """Layers whose labels have a dot: `layers.0`, `layers.1`, or several: `layers.0.0`."""
    entries = [
        Entry(label, _boxed(module, inside) if inside[0][0] else layer(module, inside[0][1]))
        for label, inside in _by_first(members).items()
        if is_key(label)
    ]
    numbered = bool(entries) and all(e.label.isdigit() for e in entries)
    if numbered:  # members that nothing uses, or that need no module, keep their places
        made = {int(e.label): e for e in entries}
        entries = [made.get(i) or Entry(str(i), New("nn.Identity", [], {}, set())) for i in range(max(made) + 1)]
    return Box(
        "nn.ModuleList" if numbered else "nn.ModuleDict",
        _repeated(entries) if numbered else entries,
        numbered,
    )


def _refused(module: File, members: Members, box: str) -> list[Line]:
    """Members of names that a container means something else by."""
    lines: list[Line] = []
    for label, inside in _by_first(members).items():
        place = f"{box}[{label if label.isdigit() else quote(label)}]"
        if not is_key(label):
            place = f"{box}._modules[{quote(label)}]"
            lines.append(Line([f"{place} = ", _boxed(module, inside) if inside[0][0] else layer(module, inside[0][1])]))
        if inside[0][0]:
            lines += _refused(module, inside, place)
    return lines


def _repeated(entries: list[Entry]) -> list[Entry]:
    """Equal neighbours as one entry with a count."""
    runs: list[list[Entry]] = []
    last = ""
    for entry in entries:
        text = show(entry.piece)
        if runs and text == last:
            runs[-1].append(entry)
        else:
            runs.append([entry])
        last = text
    found: list[Entry] = []
    for run in runs:
        if len(run) >= ENOUGH_TO_REPEAT:
            found.append(Entry(run[0].label, run[0].piece, len(run), times=Slot(len(run), "depth")))
        else:
            found += run
    return found


def _counted(entries: list[Entry]) -> list[Entry]:
    """Equal members that are all named `layer_0`, `layer_1`, … as one entry."""
    found = [_COUNTED.fullmatch(e.label) for e in entries]
    first = found[0] if len(found) >= ENOUGH_TO_REPEAT else None
    if first is None or any(f is None or f[1] != first[1] for f in found):
        return entries
    numbers = [f[2] for f in found if f is not None]
    start = int(numbers[0])
    in_order = numbers == [str(start + i) for i in range(len(numbers))]
    if not in_order or len({show(e.piece) for e in entries}) > 1:
        return entries
    times = None if start else Slot(len(entries), "depth")
    return [Entry(entries[0].label, entries[0].piece, len(entries), first[1], start, times)]


def _operator(module: File, node: Node) -> Piece:
    operands = operands_of(node)
    writer = Lowering(Builder(module), _At(node), operands)  # type: ignore[arg-type]
    made = node.op.module(writer, *operands)
    assert made is not None, f"{node.op} asks for its module and has none"
    if node.op.name == "Extern":
        return _extern(module, node, writer)
    found = getattr(made, "piece", None)
    if found is None:
        return Code(made, node.texts)
    _name(found, node)
    return found  # type: ignore[no-any-return]


def _extern(module: File, node: Node, writer: Lowering) -> Piece:
    """Its class comes from another package."""
    name = module.imported(node.op.target)  # type: ignore[attr-defined]
    made = writer.new(name, **node.op.arguments)  # type: ignore[attr-defined]
    found: New = made.piece  # type: ignore[attr-defined]
    for word, value in found.kwargs.items():
        for slot in slots(value):
            slot.name, slot.texts = word, node.texts
    return found


def _name(call: New, node: Node) -> None:
    """Which parameter of the operator each number is for; keywords at their default are added."""
    params = {n: p for n, p in node.op.params.items() if n not in ("init", "bias_init")}
    order = list(params)
    offset = _offset(call, node, order)
    for i, argument in enumerate(call.args):
        name = order[i - offset] if i >= offset and i - offset < len(order) else ""
        for slot in slots(argument):
            slot.name, slot.texts, slot.inferred = name, node.texts, i < offset
            if i < offset:
                slot.name = _INFERRED.get(call.cls, "in_channels" if "Conv" in call.cls else "channels")
    positional = {order[i - offset] for i in range(offset, len(call.args)) if i - offset < len(order)}
    kwargs: dict[str, Piece] = {}
    for name, declared in params.items():
        default = _plain(declared.default)
        if name in call.kwargs:
            kwargs[name] = call.kwargs[name]
        elif name not in positional and default is not None:
            kwargs[name] = Slot(default)
        else:
            continue
        for slot in slots(kwargs[name]):
            slot.name, slot.texts, slot.default = name, node.texts, default
    call.kwargs = kwargs | {k: v for k, v in call.kwargs.items() if k not in kwargs}


def _offset(call: New, node: Node, order: list[str]) -> int:
    """How many arguments stand before the operator's own: sizes that PyTorch wants and a spec leaves out."""
    values = [show(a) for a in call.args]
    for offset in range(len(values) + 1):
        wanted = [_spelled(getattr(node.op, n)) for n in order[: len(values) - offset]]
        if len(wanted) == len(values) - offset and all(
            w in (v, None) for w, v in zip(wanted, values[offset:], strict=True)
        ):
            return offset
    return len(values)


def _plain(default: Any) -> Number | None:
    """A default that is one number."""
    if isinstance(default, tuple) and default and len(set(default)) == 1:
        default = default[0]
    return default if isinstance(default, (bool, int, float)) else None


def _spelled(value: Any) -> str | None:
    if isinstance(value, tuple) and value and len(set(map(str, value))) == 1:
        value = value[0]
    if isinstance(value, bool):
        return repr(value)
    if isinstance(value, (int, float)):
        return number(value)
    return "(" + ", ".join(map(str, value)) + ")" if isinstance(value, tuple) else None


# ---------------------------------------------------------------- tensors


def _tensor(module: File, graph: Graph, node: Node, after: list[Line]) -> Iterator[Line]:
    """`self.cls = nn.Parameter(torch.zeros(1, 1, 768))`."""
    builder = Builder(module)
    operands = operands_of(node)
    node.op.torch(Lowering(builder, _At(node), operands), *operands)  # type: ignore[arg-type]
    shape, init, trained, dtype = builder.made[0]
    before: list[Line] = []
    if isinstance(init, Graph):
        from nndsl.backends.torch.buffers import computed

        before, value = computed(module, init, dtype, {n.label for n in graph.nodes})
        filled = None
    else:
        value, filled = _filled(shape, init, dtype, node.texts)
    yield from before
    path = tensor_path(node.label, trained)
    if is_taken(node.label):
        yield Line([f"{path} = nn.Parameter(", value, ")"] if trained else [f"{path} = ", value])
    elif not trained:
        yield Line([f"self.register_buffer({quote(node.label)}, ", value, ")"])
    elif is_attribute(node.label):
        yield Line([f"{path} = nn.Parameter(", value, ")"])
    else:
        yield Line([f"self.register_parameter({quote(node.label)}, nn.Parameter(", value, "))"])
    if filled is not None:
        after.append(Line([Code(fill(filled, path), node.texts)]))


_FILLED = {"zeros": "torch.zeros", "ones": "torch.ones"}


def _filled(shape: Sequence[Size], init: Any, dtype: str, texts: Any) -> tuple[Piece, Initializer | None]:
    """The tensor, and what is still to be done to it."""
    name = init.name if isinstance(init, Initializer) else "zeros"
    sizes: list[Piece] = [Slot(int(s), "sizes", texts) for s in shape]  # type: ignore[arg-type]
    kwargs: dict[str, Piece] = {} if dtype == "float" else {"dtype": Code(f"torch.{dtype}")}
    given = set(kwargs)
    if name == "constant":
        value = init.arguments["val"]
        value = value if isinstance(value, (int, float)) and dtype in ("float", "float32", "float64") else int(value)
        return New("torch.full", [Group(sizes), Slot(value)], kwargs, given), None
    if not sizes:
        sizes = [Group([])]
    if name in _FILLED:
        return New(_FILLED[name], sizes, kwargs, given), None
    return New("torch.empty", sizes, kwargs, given), init


# ---------------------------------------------------------------- first values


def fill(init: Initializer, weight: str) -> str:
    """`nn.init.normal_(self.fc.weight, std=0.02)`."""
    required = {name for name, default in INITIALIZERS[init.name] if default is ...}
    parts = [weight]
    for name, value in init.arguments.items():
        text = quote(value) if isinstance(value, str) else number(value)
        parts.append(text if name in required else f"{name}={text}")
    return f"nn.init.{init.name}_({', '.join(parts)})"


def initialised(module: File, node: Node, path: str) -> Iterator[Line]:
    """`nn.init.zeros_(self.fc.bias)` for every weight whose initialiser the spec gives."""
    if isinstance(node.target, Graph):
        if is_list(node.target):
            yield from _members(module, node.target, path)
        return
    for weight in node.weights():
        init = weight.init or module.rules.local(node, weight)
        if isinstance(init, Initializer) and weight.name:
            filled = attribute(path, weight.name)
            yield Line([Code(fill(init, filled), node.texts)])
            if weight.zero_row:
                yield Line([f"nn.init.zeros_({filled}[{attribute(path, weight.zero_row)}])"])


def _members(module: File, graph: Graph, path: str) -> Iterator[Line]:
    plan = module.plans.of(graph)
    place = plan.place(path)
    enough = len(plan.owned) >= ENOUGH_TO_REPEAT
    first = list(initialised(module, plan.owned[0], "layer")) if enough else []
    texts = {show(layer(module, node)) for node in plan.owned} if first else set()
    if len(texts) == 1 and not any("for " in line.text() for line in first):
        yield Line([f"for layer in {path}:"])
        for line in first:
            yield Line(line.parts, 1)
        return
    for node in plan.owned:
        yield from initialised(module, node, place.path(node.label))
