"""The statements of `__init__`: every layer and tensor that a graph owns, and how they get their first
values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nndsl.backends.torch.lowering import Lowering
from nndsl.backends.torch.names import is_attribute, is_key, is_taken, number, quote
from nndsl.backends.torch.pieces import (
    Box,
    Code,
    Entry,
    Group,
    Line,
    New,
    Number,
    Piece,
    Slot,
    show,
    slots,
)
from nndsl.backends.torch.plan import INLINE, Place, attribute, is_list, operands_of, owns, tensor_path
from nndsl.backends.torch.repeats import ENOUGH_TO_REPEAT, counted, repeated
from nndsl.backends.torch.small import small
from nndsl.ir.graph import Graph, Node
from nndsl.ops.emit import Text
from nndsl.ops.initializers import INITIALIZERS, Initializer
from nndsl.shapes import Size
from nndsl.shapes.origins import alike, called

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File

_INFERRED = {"nn.Linear": "in_features", "nn.LayerNorm": "dim", "nn.RMSNorm": "dim", "nn.Embedding": "vocab"}


class Builder:
    """What an operator is handed while its constructor is written."""

    def __init__(self, module: File) -> None:
        self.module, self.numbers = module, module.numbers
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
            lines.append(_attribute(label, layer(module, node, graph.owner)))
        elif kind == "tensor":
            lines += _tensor(module, graph, node, after)
        if kind == "layer":
            after += initialised(module, node, Place().path(label))
    refused: list[Line] = []
    for i, line in enumerate(lines):
        if len(line.parts) == 1 and isinstance(line.parts[0], str) and line.parts[0] in boxed:
            members = boxed[line.parts[0]]
            lines[i] = _attribute(line.parts[0], _boxed(module, graph, members))
            refused += _refused(module, graph, members, attribute("self", line.parts[0]))
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


def layer(module: File, node: Node, owner: int = 0) -> Piece:
    """The constructor of a node's layer, in the block that `owner` numbers."""
    if not isinstance(node.target, Graph):
        return _operator(module, node)
    if not is_list(node.target):
        return module.instance(node, owner)
    plan = module.plans.of(node.target)
    module.written(len(plan.owned), node)
    own = node.target.owner or owner  # a block that is a list in all but name has numbers, and no class for them
    entries = [Entry(n.label, layer(module, n, own)) for n in plan.owned]
    if plan.box != "nn.ModuleDict" and plan.numbered:
        entries = repeated(entries, node.target)
    elif plan.box == "nn.Sequential":
        entries = counted(entries, node.target)
    return Box(plan.box, entries, plan.numbered)


Members = list[tuple[str, Node]]


def _by_first(members: Members) -> dict[str, Members]:
    """Of labels with several dots, those that begin alike together."""
    found: dict[str, Members] = {}
    for label, node in members:
        first, _, rest = label.partition(".")
        found.setdefault(first, []).append((rest, node))
    return found


def _boxed(module: File, graph: Graph, members: Members) -> Piece:
    """Layers whose labels have a dot: `layers.0`, `layers.1`, or several: `layers.0.0`."""
    entries = [
        Entry(label, _inside(module, graph, inside)) for label, inside in _by_first(members).items() if is_key(label)
    ]
    numbered = bool(entries) and all(e.label.isdigit() for e in entries)
    if numbered:  # members that nothing uses, or that need no module, keep their places
        made = {int(e.label): e for e in entries}
        entries = [made.get(i) or Entry(str(i), New("nn.Identity", [], {}, set())) for i in range(max(made) + 1)]
    return Box(
        "nn.ModuleList" if numbered else "nn.ModuleDict",
        repeated(entries, graph) if numbered else entries,
        numbered,
    )


def _inside(module: File, graph: Graph, members: Members) -> Piece:
    """What one label stands for: a layer, or a container of layers."""
    rest, node = members[0]
    return _boxed(module, graph, members) if rest else layer(module, node, graph.owner)


def _refused(module: File, graph: Graph, members: Members, box: str) -> list[Line]:
    """Members of names that a container means something else by."""
    lines: list[Line] = []
    for label, inside in _by_first(members).items():
        place = f"{box}[{label if label.isdigit() else quote(label)}]"
        if not is_key(label):
            place = f"{box}._modules[{quote(label)}]"
            lines.append(Line([f"{place} = ", _inside(module, graph, inside)]))
        if inside[0][0]:
            lines += _refused(module, graph, inside, place)
    return lines


def class_of(module: File, node: Node) -> str:
    """`nn.Conv2d`: what an operator's layer is an instance of."""
    return str(_made(_writer(module, node))).partition("(")[0]


def _writer(module: File, node: Node) -> Lowering:
    return Lowering(Builder(module), _At(node), operands_of(node))  # type: ignore[arg-type]  # _At stands in


def _made(writer: Lowering) -> Text | None:
    return writer.step.node.op.module(writer, *writer.operands)


def _operator(module: File, node: Node) -> Piece:
    writer = _writer(module, node)
    made = _made(writer)
    if made is None:
        return small(module, node)
    if node.op.name == "Extern":
        return _extern(module, node, writer)
    found = getattr(made, "piece", None)
    if found is None:
        return Code(made, module.numbers)
    _name(found, node)
    return found  # type: ignore[no-any-return]  # of Any


def _extern(module: File, node: Node, writer: Lowering) -> Piece:
    """Its class comes from another package."""
    name = module.imported(node.op.target)  # type: ignore[attr-defined]  # of Extern
    made = writer.new(name, **node.op.arguments)  # type: ignore[attr-defined]  # of Extern
    found: New = made.piece  # type: ignore[attr-defined]  # what `new` makes
    for word, value in found.kwargs.items():
        for slot in slots(value):
            slot.name = word
    return found


def _name(call: New, node: Node) -> None:
    """Which parameter of the operator each number is for; keywords at their default are added."""
    params = {n: p for n, p in node.op.params.items() if n not in ("init", "bias_init")}
    order = list(params)
    offset = _offset(call, node, order)
    label = node.label if node.labelled and not node.label.isdigit() else ""
    for i, argument in enumerate(call.args):
        name = order[i - offset] if i >= offset and i - offset < len(order) else ""
        for slot in slots(argument):
            slot.name, slot.label, slot.inferred, slot.told = name, label, i < offset, node.flags.get(name)
            if i < offset:
                slot.name = _INFERRED.get(call.cls, "in_channels" if "Conv" in call.cls else "channels")
    positional = {order[i - offset] for i in range(offset, len(call.args)) if i - offset < len(order)}
    kwargs: dict[str, Piece] = {}
    for name, declared in params.items():
        default = _plain(declared.default)
        if name in call.kwargs:
            kwargs[name] = call.kwargs[name]
        elif name not in positional and default is not None:
            given = _plain(getattr(node.op, name))
            kwargs[name] = Slot(default if given is None else given)
        else:
            continue
        for slot in slots(kwargs[name]):
            slot.name, slot.label, slot.default, slot.told = name, label, default, node.flags.get(name)
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
    """A parameter that is one number."""
    if isinstance(default, tuple) and default and alike(default):
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
    node.op.torch(Lowering(builder, _At(node), operands), *operands)  # type: ignore[arg-type]  # _At stands in
    shape, init, trained, dtype = builder.made[0]
    before: list[Line] = []
    if isinstance(init, Graph):
        from nndsl.backends.torch.buffers import computed

        before, value = computed(module, init, dtype, {n.label for n in graph.nodes})
        filled = None
    else:
        value, filled = _filled(shape, init, dtype)
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
        after.append(Line([fill(filled, path)]))


_FILLED = {"zeros": "torch.zeros", "ones": "torch.ones"}


def _filled(shape: Sequence[Size], init: Any, dtype: str) -> tuple[Piece, Initializer | None]:
    """The tensor, and what is still to be done to it."""
    name = init.name if isinstance(init, Initializer) else "zeros"
    sizes: list[Piece] = [Slot(s, "sizes") for s in shape]  # type: ignore[arg-type]  # of weights: numbers
    kwargs: dict[str, Piece] = {} if dtype == "float" else {"dtype": Code(f"torch.{dtype}")}
    given = set(kwargs)
    if name == "constant":
        value = init.arguments["val"]
        whole = not isinstance(value, (int, float)) or dtype not in ("float", "float32", "float64")
        value = called(int(value), "int", value) if whole else value
        return New("torch.full", [Group(sizes), Slot(value, "value")], kwargs, given), None
    if not sizes:
        sizes = [Group([])]
    if name in _FILLED:
        return New(_FILLED[name], sizes, kwargs, given), None
    return New("torch.empty", sizes, kwargs, given), init


# ---------------------------------------------------------------- first values


def fill(init: Initializer, weight: str) -> Piece:
    """`nn.init.normal_(self.fc.weight, std=0.02)`."""
    required = {name for name, default in INITIALIZERS[init.name] if default is ...}
    made = New(f"nn.init.{init.name}_", [Code(weight)], {}, set())
    for name, value in init.arguments.items():
        part = Code(quote(value)) if isinstance(value, str) else Slot(value, name)
        if name in required:
            made.args.append(part)
        else:
            made.kwargs[name] = part
            made.given.add(name)
    return made


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
            yield Line([fill(init, filled)])
            if weight.zero_row:
                yield Line([f"nn.init.zeros_({filled}[{attribute(path, weight.zero_row)}])"])


def _members(module: File, graph: Graph, path: str) -> Iterator[Line]:
    plan = module.plans.of(graph)
    place = plan.place(path)
    enough = len(plan.owned) >= ENOUGH_TO_REPEAT
    first = list(initialised(module, plan.owned[0], "layer")) if enough else []
    texts = {show(layer(module, node, graph.owner)) for node in plan.owned} if first else set()
    if len(texts) == 1 and not any("for " in line.text() for line in first):
        yield Line([f"for layer in {path}:"])
        for line in first:
            yield Line(line.parts, 1)
        return
    for node in plan.owned:
        yield from initialised(module, node, place.path(node.label))
