"""What to try where a layer does not fit its input: said only where it would mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nndsl.elaborate import projection
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.pasted import advice_on_sizes
from nndsl.elaborate.provenance import decided
from nndsl.elaborate.values import Given
from nndsl.ir.graph import Node, Value
from nndsl.ops import lookup
from nndsl.ops.families import ATTENTION, RECURRENT
from nndsl.ops.schema import Op
from nndsl.shapes import Dim, Facts
from nndsl.source import Span

_BY_RANK = re.compile(r"(\w+?)([123])d")


@dataclass(slots=True)
class Case:
    """An operator that does not fit: what it was given, and the tensors that came in."""

    op: Op
    builder: GraphBuilder
    span: Span
    given: dict[str, Given]
    inputs: list[Value | None]

    @property
    def facts(self) -> Facts:
        return self.builder.context.facts

    @property
    def tensors(self) -> list[Value]:
        return [x for x in self.inputs if x is not None]


def advise(code: str, case: Case, help: str | None) -> list[str]:
    """`help` is the operator's own advice: what follows from what came in goes before general words."""
    if not case.tensors:
        return [help] if help else []
    instead = {
        "dtype-mismatch": (_mask,),
        "unknown-dim": (_unbatched,),
        "unproven": (_transposed,),
        "shape-mismatch": (_too_wide,),
    }
    found = [hint for rule in instead.get(code, ()) for hint in rule(case)]
    if found:
        return found
    beside = {
        "shape-mismatch": (_sum, _padded, _other_axis, _swapped, _channels_last, _transposed),
        "rank-mismatch": (_other_rank,),
        "unknown-dim": (_pooled,),
    }
    return [*([help] if help else []), *(hint for rule in beside.get(code, ()) for hint in rule(case))]


# ---------------------------------------------------------------- tensors that differ


def _sum(case: Case) -> list[str]:
    if case.op.name != "Add" or len(case.tensors) != 2:
        return []
    a, b = case.tensors
    shipped = case.builder.context.project.is_shipped(case.span.source)
    return projection.advice(a, b, case.builder, shipped=shipped)


def _padded(case: Case) -> list[str]:
    """A convolution or pooling that would keep the sizes, were it padded."""
    found: dict[str, None] = {}
    for small in case.tensors:
        for large in case.tensors:
            if small is not large and (hint := _padding(small, large, case.facts)):
                found[hint] = None
    return list(found)


def _padding(small: Value, large: Value, facts: Facts) -> str:
    if len(small.shape) != len(large.shape):
        return ""
    axes = [i for i in range(2, len(small.shape)) if facts.equal(small.shape[i], large.shape[i]) is False]
    found = [(decided(small, axis), axis) for axis in axes]
    nodes = {id(node): node for (node, _), _ in found}
    if len(nodes) != 1 or any(parameter not in ("kernel_size", "dilation", "padding") for (_, parameter), _ in found):
        return ""
    node = next(iter(nodes.values()))
    wanted = _keeping(node, [axis for _, axis in found], large, facts) if node is not None else None
    return f"`padding={wanted}` in {node.op.name} keeps the size" if node is not None and wanted else ""


def _keeping(node: Node, axes: list[int], large: Value, facts: Facts) -> int | None:
    """The padding with which the node gives the sizes of `large`."""
    values, x = node.op.values(), node.inputs[0]
    if x is None or set(values.get("stride") or ()) != {1} or not isinstance(values.get("padding"), tuple):
        return None
    rank = len(values["kernel_size"])
    dilation = values.get("dilation", (1,) * rank)
    spans = [d * (k - 1) for d, k in zip(dilation, values["kernel_size"], strict=True)]
    fits = all(facts.equal(x.shape[axis], large.shape[axis]) for axis in axes)
    same = set(spans)
    return spans[0] // 2 if fits and len(same) == 1 and spans[0] % 2 == 0 else None


def _other_axis(case: Case) -> list[str]:
    """Joined along a dim in which they agree, while they differ in another one alone."""
    if case.op.name != "Concat" or len({len(x.shape) for x in case.tensors}) != 1:
        return []
    first, *rest = case.tensors
    axes = {i for x in rest for i, (a, b) in enumerate(zip(first.shape, x.shape, strict=True)) if a != b}
    if len(axes) != 1 or (axes == {2} and _padded(case)) or (axes and min(axes) > 1 and len(first.shape) > 3):
        return []
    return [f"`Concat(dim={axes.pop()})` joins along the dim in which they differ"]


def _transposed(case: Case) -> list[str]:
    if case.op.name != "MatMul" or len(case.tensors) != 2:
        return []
    x, y = case.tensors
    if len(y.shape) < 2 or not case.facts.equal(x.shape[-1], y.shape[-1]):
        return []
    return [f"transpose the second: `{x.name or 'x'} @ {y.name or 'y'}.mT`"]


# ---------------------------------------------------------------- one tensor that does not fit


def _pasted(case: Case) -> list[str]:
    """`Conv2d(3, 64, 7)` on 3 channels: PyTorch's arguments."""
    return advice_on_sizes(case.op, case.given, case.inputs)


def _too_wide(case: Case) -> list[str]:
    """`Conv2d(3, 64, 7)`, where 64 is read as a window."""
    fits = case.op.seems_misread(*[x.type for x in case.tensors])
    return _pasted(case) if fits else []


def _swapped(case: Case) -> list[str]:
    """`Conv2d(3, 64)` for `Conv2d(64, 3)`."""
    values, given = case.op.values(), case.given
    if not {"out_channels", "kernel_size"} <= given.keys() or any(given[n].name_span for n in _FIRST):
        return []
    x = case.tensors[0]
    if "stride" in given and given["stride"].name_span is None:
        return []
    filters, kernel = values["out_channels"], values["kernel_size"]
    spatial = [size for size in x.shape[-len(kernel) :] if isinstance(size, int)]
    if len(set(kernel)) != 1 or not all(kernel[0] > size >= filters for size in spatial) or not spatial:
        return []
    if x.shape[-len(kernel) - 1] == filters:
        return []  # the call is PyTorch's, with the channels that come in
    return [f"the number of filters comes first: `{case.op.name}({kernel[0]}, {filters})`"]


_FIRST = ("out_channels", "kernel_size")


def _channels_last(case: Case) -> list[str]:
    """An image whose last dim looks like its colours."""
    x = case.tensors[0]
    if not case.op.name.endswith("2d") or len(x.shape) != 4 or x.producer is not None:
        return []
    if x.shape[3] not in (1, 3, 4) or x.shape[1] in (1, 3, 4):
        return []
    return ["images are [N, C, H, W]: `Permute(0, 3, 1, 2)` makes this of [N, H, W, C]"]


def _other_rank(case: Case) -> list[str]:
    """`BatchNorm1d` on images: `BatchNorm2d`."""
    rank = len(case.tensors[0].shape)
    if case.op.family in (RECURRENT, ATTENTION) and rank == 4:
        return ['`Rearrange("n c h w -> n (h w) c")` makes a sequence of an image']
    other = _for_rank(case.op, rank)
    return [f"`{other}` takes {rank} dims"] if other else []


def _for_rank(op: type[Op] | Op, rank: int) -> str:
    """The layer of the same kind for this many dims; "" for itself."""
    match = _BY_RANK.fullmatch(op.name)
    other = f"{match[1]}{rank - 2}d" if match is not None and 3 <= rank <= 5 else op.name
    return other if other != op.name and lookup(other) is not None else ""


def _unbatched(case: Case) -> list[str]:
    """`Conv3d` on images is read as one volume without a batch."""
    x = case.tensors[0]
    other = _for_rank(case.op, len(x.shape))
    if not other or not isinstance(x.shape[0], Dim) or isinstance(x.shape[1], Dim):
        return []
    read = f"{case.op.name} reads this as one sample with {case.facts.spell(x.shape[0])} channels"
    return [f"`{other}` takes {len(x.shape)} dims: {read}"]


def _pooled(case: Case) -> list[str]:
    """`Flatten` of an image whose height and width are not known."""
    node = case.tensors[0].producer
    source = node.inputs[0] if node is not None and not node.is_call and node.op.name == "Flatten" else None
    if source is None or not 3 <= len(source.shape) <= 5 or isinstance(source.shape[1], Dim):
        return []
    layer = f"AdaptiveAvgPool{len(source.shape) - 2}d(1)"
    return [f"or put `{layer}` before `Flatten`: what comes out no longer depends on them"]


def _mask(case: Case) -> list[str]:
    """A mask that stands where another input is expected."""
    names = [n for n in case.op.input_names() if "mask" in n]
    if not names or not any(x.dtype == "bool" for x in case.tensors):
        return []
    return [f"name the input that the mask is for: `(x, {names[0]}: mask)`"]
