"""`weights from "…" { … }`: rules that say which of the model's tensors a foreign file's become. What can be told
without a file is told here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from nndsl.diagnostics import Diagnostics, Label
from nndsl.elaborate.scope import nearest
from nndsl.ir.graph import Graph, Node
from nndsl.source import Span
from nndsl.syntax import ast

_PART = re.compile(r"(\{[^{}]*\}|\*)")
_NAME = re.compile(r"\{([A-Za-z_]\w*)\}")
_MOVED = re.compile(r"\{(?:(?P<factor>\d{1,9})\s*\*\s*)?(?P<name>[A-Za-z_]\w*)(?:\s*(?P<by>[+-]\s*\d{1,9}))?\}")
NUMBER = "(?:0|[1-9][0-9]{0,17})"
REST = "rest of the name"  # what `*` stands for, among what a pattern bound
BELOW = "below"  # what follows the name of a layer
Bound = dict[str, str]


@dataclass(slots=True)
class Pattern:
    """`encoder.layer.{i}.{part}.*`: a name of one letter is a whole number, a longer one a part between dots, `*` the
    rest. A pattern that fits the name of a layer fits what is below it, too."""

    text: str
    span: Span
    names: set[str] = field(default_factory=set)
    regex: re.Pattern[str] = re.compile("")

    def match(self, name: str) -> Bound | None:
        found = self.regex.fullmatch(name)
        if found is None:
            return None
        bound = {key[1:]: value for key, value in found.groupdict().items() if key.startswith("n")}
        if found.groupdict().get("rest") is not None:
            bound[REST] = found["rest"]
        return {**bound, BELOW: found["below"] or ""}

    def filled(self, bound: Bound) -> str:
        """The name that it stands for; numbers may be others than those found: `{i + 1}`, `{2 * i}`."""
        parts = []
        for part in _PART.split(self.text):
            if part == "*":
                parts.append(bound[REST])
            elif plain := _NAME.fullmatch(part):
                parts.append(bound[plain[1]])
            elif moved := _MOVED.fullmatch(part):
                by = int("".join((moved["by"] or "0").split()))
                parts.append(str(int(moved["factor"] or 1) * int(bound[moved["name"]]) + by))
            else:
                parts.append(part)
        return "".join(parts) + bound[BELOW]


@dataclass(slots=True)
class Rule:
    """`sources` become `targets` through `steps`; no targets: they are left out. `gathered`: numbers that stand on the
    left alone, whose tensors go through the steps side by side. `spread`: a number that stands on the right alone, and
    counts what the steps give. `copied`: the tensor of the model that what is left out holds once more."""

    span: Span
    sources: list[Pattern]
    targets: list[Pattern]
    steps: list[ast.Expr]
    gathered: frozenset[str] = frozenset()
    spread: str | None = None
    copied: Pattern | None = None


@dataclass(slots=True)
class Mapping:
    name: str
    span: Span
    rules: list[Rule]


def mapping_of(item: ast.Weights, diagnostics: Diagnostics) -> Mapping:
    """The rules that are well formed; what is wrong with the others is told."""
    rules: list[Rule] = []
    for each in item.body:
        with suppress(_Unread):
            rules.append(_rule(each, diagnostics))
    taken: dict[str, Span] = {}
    for rule in rules:
        for target in rule.targets:
            if target.text in taken:
                found = diagnostics.error("duplicate-weight", f"two rules give {target.text}", target.span)
                found.labels.append(Label(taken[target.text], "given here already"))
            taken.setdefault(target.text, target.span)
    return Mapping(item.origin.value, item.origin.span, rules)


def _rule(node: ast.Mapping, diagnostics: Diagnostics) -> Rule:
    first, *steps, last = node.stages
    sources = _patterns(first, diagnostics, binding=True)
    none = isinstance(last, ast.Constant) and last.value is None
    if none:
        return _left_out(node, sources, steps, diagnostics)
    targets = _patterns(last, diagnostics, binding=False)
    if not steps and len(sources) != len(targets):
        message = "the tensors become as many others as they are, where no layer stands between"
        hint = 'join by `("a", "b") -> Concat(dim=0) -> "c"`, cut by `"a" -> Chunk(2) -> ("b", "c")`'
        _bad(message, node.span, diagnostics, hint)
    for step in steps:
        if isinstance(step, (ast.Constant, ast.Number, ast.Text)):
            _bad("only layers stand between names, and this is none", step.span, diagnostics)
    spread = _bound(sources, targets, bool(steps), diagnostics)
    kept = {name for target in targets for name in target.names}
    gathered = frozenset(name for name in sources[0].names - kept if len(name) == 1 and steps)
    return Rule(node.span, sources, targets, steps, gathered, spread)


def _left_out(node: ast.Mapping, sources: list[Pattern], steps: list[ast.Expr], diagnostics: Diagnostics) -> Rule:
    """`"theirs" -> none`; or `"theirs" -> "ours" -> none`, where it holds a tensor of the model once more."""
    for step in steps:
        if not isinstance(step, ast.Text) or step is not steps[0]:
            _bad("what is left out goes through no layer", step.span, diagnostics)
    copied = _patterns(steps[0], diagnostics, binding=False) if steps else []
    if copied and len(sources) > 1:
        _bad("one tensor is a copy of another, and these are several", node.stages[0].span, diagnostics)
    _bound(sources, copied, False, diagnostics)
    return Rule(node.span, sources, [], [], copied=copied[0] if copied else None)


class _Unread(Exception):
    """A rule that cannot be read; it was said."""


def _bad(message: str, span: Span, diagnostics: Diagnostics, *hints: str) -> NoReturn:
    diagnostics.error("bad-mapping", message, span, hints=list(hints))
    raise _Unread


def _patterns(node: ast.Expr, diagnostics: Diagnostics, *, binding: bool) -> list[Pattern]:
    """Of `"a"`, or of `("a", "b")`."""
    nodes = node.items if isinstance(node, ast.Tuple) else [node]
    found: list[Pattern] = []
    for each in nodes:
        if not isinstance(each, ast.Text):
            hint = '("a", "b")' if isinstance(each, ast.List) else 'a rule is `"theirs" -> "ours"`, with layers between'
            hints = [f"several tensors side by side are `{hint}`"] if isinstance(each, ast.List) else [hint]
            _bad("a rule begins and ends with names of tensors, as strings", each.span, diagnostics, *hints)
        pattern = _pattern(each, diagnostics, binding=binding)
        found.append(pattern)
    if not found:
        _bad("a rule needs a tensor", node.span, diagnostics)
    return found


def _pattern(node: ast.Text, diagnostics: Diagnostics, *, binding: bool) -> Pattern:
    pattern, parts = Pattern(node.value, node.span), []
    named: set[str] = set()
    for part in _PART.split(node.value):
        plain = _NAME.fullmatch(part)
        moved = None if binding or plain is not None else _MOVED.fullmatch(part)
        if part == "*":
            if REST in pattern.names:
                _bad("* stands once in a name", node.span, diagnostics)
            pattern.names.add(REST)
            parts.append("(?P<rest>.+)")
        elif plain is not None:
            form = NUMBER if len(plain[1]) == 1 else r"[^.]+"
            parts.append(f"(?P=n{plain[1]})" if plain[1] in named else f"(?P<n{plain[1]}>{form})")
            named.add(plain[1])
            pattern.names.add(plain[1])
        elif moved is not None:
            if len(moved["name"]) > 1:
                _bad(f"{moved['name']} is no number: numbers are named by one letter", node.span, diagnostics)
            pattern.names.add(moved["name"])
            parts.append(NUMBER)
        elif "{" in part or "}" in part:
            forms = "{i}, {name}" if binding else "{i}, {i + 1}, {2 * i + 1}, {name}"
            _bad(f"braces hold a name: {forms}", node.span, diagnostics)
        else:
            parts.append(re.escape(part))
    if not node.value:
        _bad("a name of a tensor is not empty", node.span, diagnostics)
    if any(len(_PART.findall(part)) > 1 for part in _PART.sub(_undotted, node.value).split(".")):
        _bad("between two dots stands one name in braces, or one *", node.span, diagnostics)
    pattern.regex = re.compile("".join(parts) + r"(?P<below>(?:\..+)?)", re.S)
    return pattern


def _undotted(part: re.Match[str]) -> str:
    return part[0].replace(".", "")


def _bound(sources: list[Pattern], targets: list[Pattern], steps: bool, diagnostics: Diagnostics) -> str | None:
    """All sources of a rule bind the same names, and the targets use no others, but for the number that counts what
    layers give."""
    names = sources[0].names
    for pattern in sources[1:]:
        if pattern.names != names:
            odd = sorted(pattern.names ^ names)[0]
            _bad(f"{_shown(odd)} stands in one of the names and not in the other", pattern.span, diagnostics)
    spread: str | None = None
    for pattern in targets:
        left = sorted(pattern.names - names)
        if steps and len(targets) == len(left) == 1 and len(left[0]) == 1:
            spread = left[0]
        elif left:
            close = nearest(left[0], sorted(names - {REST})) or next(iter(sorted(names - {REST})), None)
            hints = [f"the file's name has {_shown(close)}"] if close else []
            _bad(f"{_shown(left[0])} does not stand in the file's name", pattern.span, diagnostics, *hints)
    return spread


def _shown(name: str) -> str:
    return "*" if name == REST else f"{{{name}}}"


def check_targets(mapping: Mapping, graphs: Sequence[Graph], diagnostics: Diagnostics) -> None:
    """Each rule gives something that one of the models has."""
    keys = [key for graph in graphs for key, _ in graph.weights()]
    left = [each for each in _named(mapping) if not any(each.regex.fullmatch(key) for key in keys)]
    layers = {path: node for graph in graphs for path, node in _layers(graph, "")} if left else {}
    unknown = [path for path, node in layers.items() if not (node.is_call or node.op.weighed)]
    for target in left if graphs else ():
        if any(_may_hold(path, target) for path in unknown):
            continue
        bare = next((path for path in layers if target.regex.fullmatch(path)), None)
        if bare is not None:
            kind = layers[bare].target.name
            message = f"{target.text} is a layer without weights: {kind}"
            hints = ["what a file has besides is left out: `-> none`"]
        else:
            message, close = f"no model here has a tensor {target.text}", _close(target, keys)
            hints = [f"did you mean {close}?"] if close else []
        diagnostics.error("unknown-weight", message, target.span, hints=hints)


def _named(mapping: Mapping) -> Iterator[Pattern]:
    """The names of the model's tensors."""
    for rule in mapping.rules:
        yield from rule.targets
        if rule.copied is not None:
            yield rule.copied


def _layers(graph: Graph, path: str) -> Iterator[tuple[str, Node]]:
    for label, node in graph.layers().items():
        yield f"{path}{label}", node
        if isinstance(node.target, Graph):
            yield from _layers(node.target, f"{path}{label}.")


def _may_hold(path: str, target: Pattern) -> bool:
    """A layer in Python has weights that are not known here: may it have some that the pattern names?"""
    for part, ours in zip(target.text.split("."), path.split("."), strict=False):
        if "*" in part:
            return True
        if not re.fullmatch(".*".join(re.escape(each) for each in re.split(r"\{[^{}]*\}", part)), ours):
            return False
    return True


def _close(target: Pattern, keys: list[str]) -> str | None:
    """Names of layers and of tensors, numbers aside."""
    spelled = re.sub(r"\{\w[^{}]*\}", "0", target.text)
    pool = list(dict.fromkeys(name for key in keys for name in _above(re.sub(r"\d+", "0", key))))
    return nearest(spelled, pool[:2000])


def _above(key: str) -> Iterator[str]:
    parts = key.split(".")
    yield from (".".join(parts[:at]) for at in range(len(parts), 0, -1))


def mappings_of(file: ast.File, diagnostics: Diagnostics) -> list[Mapping]:
    """Of a whole file; no two have one name."""
    found: dict[str, Mapping] = {}
    for item in file.items:
        if not isinstance(item, ast.Weights):
            continue
        mapping = mapping_of(item, diagnostics)
        if mapping.name in found:
            message = f'two mappings are named "{mapping.name}"'
            diagnostics.error("duplicate-name", message, mapping.span).labels.append(
                Label(found[mapping.name].span, "the first one")
            )
        found.setdefault(mapping.name, mapping)
    return list(found.values())
