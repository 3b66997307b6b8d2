"""What statements and items become; see `build` for the rest."""

from __future__ import annotations

from typing import Any

from nndsl.syntax import ast
from nndsl.syntax.build import Chain, Children, Enclosed, Expressions, unroll


class Builder(Expressions):
    """Every action of the grammar."""

    def doc(self, c: Children) -> str:
        return self.docs.get(c[0].start, "")

    def empty(self, _: Children) -> list[ast.Item]:
        return []

    def start(self, c: Children) -> list[ast.Item]:
        return [item for item in unroll(c[0]) if item is not None]

    # ------------------------------------------------------------ statements

    def no_statements(self, c: Children) -> ast.Braces:
        return ast.Braces(self.span(c), [])

    def statements(self, c: Children | Chain) -> Any:
        return ast.Braces(self.span(list(c)), [statement for statement in unroll(c[1]) if statement is not None])

    def input(self, c: Children) -> ast.Input:
        return ast.Input(self.span(c), self.as_name(c[1]), None, doc=self.doc(c))

    def input_typed(self, c: Children) -> ast.Input:
        return ast.Input(self.span(c), self.as_name(c[1]), c[3], doc=self.doc(c))

    def input_optional(self, c: Children) -> ast.Input:
        return ast.Input(self.span(c), self.as_name(c[1]), None, optional=True, doc=self.doc(c))

    def input_optional_typed(self, c: Children) -> ast.Input:
        return ast.Input(self.span(c), self.as_name(c[1]), c[4], optional=True, doc=self.doc(c))

    def output(self, c: Children) -> ast.Output:
        return ast.Output(self.span(c), self.as_name(c[1]), None, None, self.doc(c))

    def output_typed(self, c: Children) -> ast.Output:
        return ast.Output(self.span(c), self.as_name(c[1]), c[3], None, self.doc(c))

    def output_value(self, c: Children) -> ast.Output:
        return ast.Output(self.span(c), self.as_name(c[1]), None, c[3], self.doc(c))

    def output_typed_value(self, c: Children) -> ast.Output:
        return ast.Output(self.span(c), self.as_name(c[1]), c[3], c[5], self.doc(c))

    def tensor(self, c: Children) -> ast.Tensor:
        return self._tensor(c, None, None)

    def tensor_typed(self, c: Children) -> ast.Tensor:
        return self._tensor(c, c[3], None)

    def tensor_value(self, c: Children) -> ast.Tensor:
        return self._tensor(c, None, c[3])

    def tensor_typed_value(self, c: Children) -> ast.Tensor:
        return self._tensor(c, c[3], c[5])

    def _tensor(self, c: Children, type_: ast.TensorTypeExpr | None, value: ast.Expr | None) -> ast.Tensor:
        return ast.Tensor(self.span(c), c[0].kind == "PARAM", self.as_name(c[1]), type_, value, self.doc(c))

    def layer(self, c: Children) -> ast.Layer:
        return ast.Layer(self.span(c), self.as_name(c[1]), c[3], self.doc(c))

    def init(self, c: Children) -> ast.Init:
        return ast.Init(self.span(c), None, None, c[2])

    def init_layer(self, c: Children) -> ast.Init:
        return ast.Init(self.span(c), self.as_name(c[1]), None, c[3])

    def init_weight(self, c: Children) -> ast.Init:
        return ast.Init(self.span(c), self.as_name(c[1]), self.as_name(c[3]), c[5])

    def require(self, c: Children) -> ast.Require:
        return ast.Require(self.span(c), c[1], None)

    def require_message(self, c: Children) -> ast.Require:
        return ast.Require(self.span(c), c[1], self.text(c[3:]))

    def for_loop(self, c: Children) -> ast.For:
        return ast.For(self.span(c), self.as_targets(c[1]), c[3], c[4])

    def assign(self, c: Children) -> ast.Assign:
        targets = self.as_names(c[0])
        return ast.Assign(targets[0].span.to(c[2].span), targets, c[2])

    def express(self, c: Children) -> ast.Statement:
        """An `if` that stands alone is a statement: what it names is seen after it."""
        return statement_if(c[0]) if isinstance(c[0], ast.IfExpr) else ast.Express(c[0].span, c[0])

    # ------------------------------------------------------------ items

    def import_all(self, c: Children) -> ast.Import:
        return ast.Import(self.span(c), self.text(c[1:2]), None, self.doc(c))

    def import_names(self, c: Children) -> ast.Import:
        names = self.as_names(c[3])
        return ast.Import(self.span([c[0], names[-1]]), self.text(c[1:2]), names, self.doc(c))

    def parameter(self, c: Children) -> ast.Param:
        return ast.Param(self.span(c), self.as_name(c[0]), None, None)

    def parameter_typed(self, c: Children) -> ast.Param:
        return ast.Param(self.span(c), self.as_name(c[0]), c[2], None)

    def parameter_default(self, c: Children) -> ast.Param:
        return ast.Param(self.span(c), self.as_name(c[0]), None, c[2])

    def parameter_typed_default(self, c: Children) -> ast.Param:
        return ast.Param(self.span(c), self.as_name(c[0]), c[2], c[4])

    def define_body(self, c: Children) -> ast.Definition:
        return self._definition(c, None, c[2], None)

    def define_parameters_body(self, c: Children) -> ast.Definition:
        return self._definition(c, c[2], c[3], None)

    def define_flow(self, c: Children) -> ast.Definition:
        return self._definition(c, None, None, c[3])

    def define_parameters_flow(self, c: Children) -> ast.Definition:
        return self._definition(c, c[2], None, c[4])

    def _definition(
        self, c: Children, parameters: Enclosed | None, body: ast.Braces | None, flow: ast.Expr | None
    ) -> ast.Definition:
        declared = None if parameters is None else parameters.items
        return ast.Definition(self.span(c), c[0].text, self.as_name(c[1]), declared, body, flow, self.doc(c))

    def extern(self, c: Children) -> ast.Extern:
        return ast.Extern(self.span(c), self.as_name(c[2]), None, self.text(c[4:5]), c[5], self.doc(c))

    def extern_parameters(self, c: Children) -> ast.Extern:
        return ast.Extern(self.span(c), self.as_name(c[2]), c[3].items, self.text(c[5:6]), c[6], self.doc(c))

    def function(self, c: Children) -> ast.Function:
        return ast.Function(self.span(c), self.as_name(c[1]), c[2].items, c[4], self.doc(c))

    # ------------------------------------------------------------ train, weights

    def train(self, c: Children) -> ast.Train:
        return ast.Train(self.span(c), self.as_name(c[1]), present(c[2].items), self.doc(c))

    def setting(self, c: Children) -> ast.Setting:
        path = self.as_names(c[0])
        span = path[0].span.to(c[2].span)
        return ast.Setting(span, path, c[1].text, c[2], self.docs.get(span.start, ""))

    def section(self, c: Children) -> ast.Section:
        return ast.Section(self.span(c), self.as_name(c[0]), None, present(c[1].items), self.doc(c))

    def section_named(self, c: Children) -> ast.Section:
        return ast.Section(self.span(c), self.as_name(c[0]), self.as_name(c[1]), present(c[2].items), self.doc(c))

    def weights(self, c: Children) -> ast.Weights:
        return ast.Weights(self.span(c), self.text(c[2:3]), present(c[3].items), self.doc(c))

    def mapping(self, c: Children) -> ast.Mapping:
        stages = unroll(c[0])
        span = self.span(stages)
        return ast.Mapping(span, stages, self.docs.get(span.start, ""))


def present(items: list[Any]) -> list[Any]:
    """Without the places of members that could not be read."""
    return [item for item in items if item is not None]


def statement_if(choice: ast.IfExpr) -> ast.If:
    """The chain of `else if` is as deep as the tree may be, so it may be walked by recursion."""
    orelse = statement_if(choice.orelse) if isinstance(choice.orelse, ast.IfExpr) else choice.orelse
    return ast.If(choice.span, choice.condition, choice.then, orelse)
