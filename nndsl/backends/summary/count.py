"""From a graph to a summary. Rows of a distinct graph are made once; its later calls show them again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nndsl.backends.summary.data import Row, Summary, Tensor
from nndsl.backends.summary.training import Calls, Training
from nndsl.cost.hardware import HARDWARE
from nndsl.cost.memory import DTYPES, OPTIMIZERS
from nndsl.ir.cost import Costs, batch_symbol
from nndsl.ir.graph import Graph, Node, Value, returned
from nndsl.ir.loops import repeats
from nndsl.ir.runs import Likeness, Run, runs
from nndsl.ir.wording import worded
from nndsl.ops.schema import Op, spell_value
from nndsl.shapes import Dim, Facts


def summarize(
    graph: Graph, *, batch: int = 1, dtype: str = "float32", device: str | None = None, optimizer: str = "adamw"
) -> Summary:
    """Counts a model. `batch`: samples that memory and times are for; `dtype`: what `float` stands for.

    `device`: one of `HARDWARE`, for roofline times (and for what a GPU keeps where it differs from a CPU); `optimizer`:
    one of `OPTIMIZERS`. Raises ValueError for a setting that there is not, or a batch of a model that has none."""
    _settings(graph, batch, dtype, device, optimizer)
    costs = Costs(graph)
    total = costs.of(graph)
    training = Training(graph, costs, batch, dtype, None if device is None else HARDWARE[device], optimizer)
    nodes = [node for inner in graph.graphs() for node in inner.nodes]
    facts = graph.facts if graph.facts is not None else Facts()
    counter = Counter(graph, costs, facts, training)
    return Summary(
        model=graph.name,
        inputs=[counter.tensor(value.name, value) for value in graph.inputs],
        outputs=[replace(counter.tensor(port.name, port.value), mode=port.mode) for port in returned(graph)],
        parameters=total.parameters,
        trainable=total.trainable,
        buffers=total.buffers,
        macs=total.macs,
        flops=total.flops,
        unknown_parameters=sorted(total.no_parameters),
        unknown_macs=sorted(total.no_macs),
        unknown_flops=sorted(total.no_flops),
        batch=batch_symbol(graph),
        dims=counter.dims(),
        training_only=any(node.mode == "train" for node in nodes),
        unused=any(costs.unused(node) for node in nodes),
        layers=counter.rows(),
        facts=facts,
        device=device,
        **training.totals(),
    )


def _settings(graph: Graph, batch: int, dtype: str, device: str | None, optimizer: str) -> None:
    for name, given, known in (
        ("dtype", dtype, DTYPES),
        ("device", device, (None, *HARDWARE)),
        ("optimizer", optimizer, OPTIMIZERS),
    ):
        if given not in known:
            raise ValueError(f"there is no {name} {given}: there are {', '.join(filter(None, known))}")
    if batch < 1:
        raise ValueError(f"a batch has at least one sample, not {batch}")
    if batch > 1 and batch_symbol(graph) is None:
        raise ValueError(f"{graph.name} has no batch: no open dim that all inputs, and nothing else, begin with")


class Counter:
    """Makes rows: of a graph, once for all calls that do the same while training. Depth costs no recursion."""

    def __init__(self, root: Graph, costs: Costs, facts: Facts, training: Training) -> None:
        self.training = training
        self.root = root
        self.costs = costs
        self.facts = facts
        self.likeness = Likeness(root)
        self._rows: dict[tuple[Any, ...], list[Row]] = {}
        self._waiting: list[tuple[Graph, Calls, list[Row]]] = []
        self._runs: dict[int, list[Run]] = {}

    def rows(self) -> list[Row]:
        rows = self._called(self.root, self.training.calls())
        while self._waiting:
            graph, calls, made = self._waiting.pop()
            made += self._make(graph, calls)
        return rows

    def _called(self, graph: Graph, calls: Calls) -> list[Row]:
        """The rows of a graph, filled later."""
        key = id(graph), calls.key
        if key not in self._rows:
            self._rows[key] = []
            self._waiting.append((graph, calls, self._rows[key]))
        return self._rows[key]

    def tensor(self, name: str, value: Value) -> Tensor:
        return Tensor(name, value.dtype, self.shape(value))

    def shape(self, value: Value) -> list[int | str]:
        return [size if isinstance(size, int) else self.facts.spell(size) for size in value.shape]

    def dims(self) -> list[str]:
        """The symbols of the inputs, as the spec names them."""
        names: dict[str, None] = {}
        for value in self.root.inputs:
            for size in value.shape:
                spelled = self.facts.spelled(size)
                if isinstance(spelled, Dim):
                    names.update(dict.fromkeys(sorted(spelled.symbols())))
        return list(names)

    def _make(self, graph: Graph, calls: Calls) -> list[Row]:
        rows: list[Row] = []
        told: set[str] = set()
        if id(graph) not in self._runs:
            self._runs[id(graph)] = runs(graph, self.likeness)
        for run in self._runs[id(graph)]:
            node = graph.nodes[run.start]
            if not isinstance(node.target, Graph) and node.target.hidden and _is_free(self.costs, node):
                continue
            rows.append(self._row(graph, run, calls, node.borrowed or node.label in told))
            told.update(graph.nodes[run.start + i].label for i in range(run.count))
        return rows

    def _row(self, graph: Graph, run: Run, calls: Calls, shared: bool) -> Row:
        nodes = graph.nodes[run.start : run.start + run.count]
        node, last = nodes[0], nodes[-1]
        cost = self.costs.of_node(node)
        target = node.target
        row = Row(
            path=node.label if run.count == 1 else f"{node.label}…{last.label}",
            name=node.label,
            type=target.name if isinstance(target, Graph) else target.heading,
            detail=self._hyper(target) if isinstance(target, Graph) else worded(target, self.facts).detail(),
            inputs=[self.shape(value) for value in node.inputs if value is not None],
            outputs=[self.shape(value) for value in last.outputs],
            parameters=cost.parameters,
            buffers=cost.buffers,
            macs=cost.macs,
            flops=cost.flops,
            count=run.count,
            weighed=not cost.no_parameters,
            shared=shared,
            mode="unused" if self.costs.unused(node) else node.mode,
        )
        self.training.fill(row, nodes, calls)
        if isinstance(target, Op):
            row.macs = None if cost.no_macs else cost.macs
            row.flops = None if cost.no_flops else cost.flops
            return row
        row.type = "" if target.kind == "sequence" else target.name
        row.steps = repeats(target) if target.kind == "loop" else None
        row.children = [] if shared else self._called(target, self.training.inside(nodes, calls))
        return row

    def _hyper(self, graph: Graph) -> str:
        if graph.kind == "sequence":
            return ""
        if graph.kind == "loop":
            steps = repeats(graph)
            return "1 step" if steps == 1 else f"{self.facts.spell(steps)} steps"
        given = worded(graph.hyper, self.facts)
        return ", ".join(f"{n}={v if isinstance(v, Graph) else _spelled(v)}" for n, v in given.items())


def _is_free(costs: Costs, node: Node) -> bool:
    """Arithmetic signs and the like: nothing is learned, no product is made, and there is no name to show."""
    cost = costs.of_node(node)
    return cost.parameters == 0 and cost.buffers == 0 and cost.macs == 0 and not cost.no_macs and not cost.no_flops


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else spell_value(value)
