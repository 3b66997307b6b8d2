"""The `Say` that operators get while elaborating: messages become diagnostics with spans, trace and provenance."""

from __future__ import annotations

from nndsl.diagnostics import Label
from nndsl.elaborate.advice import Case, advise
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.provenance import explain
from nndsl.elaborate.values import Given
from nndsl.ir.graph import Value
from nndsl.ops.say import At, Say
from nndsl.ops.schema import Op
from nndsl.shapes import Size
from nndsl.source import Span


class LayerSay(Say):
    """Reports about one application of an operator."""

    def __init__(
        self,
        who: str,
        builder: GraphBuilder,
        span: Span,
        given: dict[str, Given],
        inputs: list[Value | None],
        op: Op | None = None,
    ) -> None:
        super().__init__(who, builder.context.facts)
        self.op = op
        self.builder = builder
        self.span = span
        self.given = given
        self.values = inputs
        self.said = False

    def error(
        self,
        message: str,
        *,
        code: str = "bad-value",
        at: At = None,
        label: str = "",
        help: str | None = None,
    ) -> None:
        self.said = True
        self.builder.context.error(
            code,
            message,
            self._place(at),
            label=label,
            hints=self._hints(code, help),
            labels=self._origins(code, at),
            frame=self.builder.frame,
        )

    def warning(self, message: str, *, code: str, at: At = None, help: str | None = None) -> None:
        hints = [help] if help else []
        found = self.builder.context.error(code, message, self._place(at), hints=hints, frame=self.builder.frame)
        found.severity = "warning"

    def _hints(self, code: str, help: str | None) -> list[str]:
        if self.op is None:
            return [help] if help else []
        return advise(code, Case(self.op, self.builder, self.span, self.given, self.values), help)

    def subject(self, at: At) -> str:
        names = self.op.input_names() if self.op is not None else []
        return f"its input {names[at]}" if isinstance(at, int) and at < len(names) > 1 else "this"

    def _place(self, at: At) -> Span:
        if isinstance(at, str) and at in self.given:
            return self.given[at].span
        return self.span

    def _origins(self, code: str, at: At) -> list[Label]:
        """Where the sizes that disagree came from."""
        if code not in ("shape-mismatch", "unproven", "rank-mismatch", "unknown-dim", "bad-value"):
            return []
        tensors = [v for v in self.values if v is not None]
        if len(tensors) > 1 and code in ("shape-mismatch", "unproven"):
            return self._disagreeing(tensors)
        if code == "shape-mismatch" and isinstance(at, int) and at < len(self.values) and (x := self.values[at]):
            return explain(x, list(range(1, len(x.shape))), self.facts)
        return []

    def _disagreeing(self, tensors: list[Value]) -> list[Label]:
        shapes: list[tuple[Size, ...]] = [v.shape for v in tensors]
        labels: list[Label] = []
        for value, shape in zip(tensors, shapes, strict=True):
            axes = [
                len(shape) + back
                for back in range(-len(shape), 0)
                if any(len(o) >= -back and o[back] != shape[back] for o in shapes)
            ]
            joined = self.op.values()["dim"] % len(shape) if self.op is not None and self.who == "Concat" else None
            labels.extend(explain(value, [axis for axis in axes if axis != joined], self.facts))
        return [a for i, a in enumerate(labels) if all(a.span != b.span for b in labels[:i])]
