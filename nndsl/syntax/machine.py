"""The LALR(1) machine that runs Lark's tables: a few lines, so that Lark itself need not be imported.

It keeps the stacks of before the last lookahead's reductions, which is where a mistake is mended from;
builders therefore never change what they are given.
"""

from __future__ import annotations

from typing import Any, Protocol

from nndsl.syntax.brackets import MAX_DEPTH
from nndsl.syntax.lexing import Token
from nndsl.syntax.tables import Tables

MAX_STACK = 10 * MAX_DEPTH
# Rules that gather a list make nothing deeper.
_FLAT = frozenset(
    {
        "first",
        "following",
        "pair",
        "adjoined",
        "condition",
        "next_condition",
        "enclosed",
        "positional",
        "present",
    }
)


class Build(Protocol):
    def __call__(self, children: list[Any]) -> Any: ...


class TooDeep(Exception):
    """Raised at the token at which the tree would become deeper than later stages can walk."""


class Machine:
    def __init__(self, tables: Tables, builder: object) -> None:
        self.rows = tables.rows
        self.rules: list[tuple[str, int, Build | None, int]] = [
            (
                rule.origin,
                rule.size,
                getattr(builder, rule.action) if rule.action else None,
                rule.action not in _FLAT,
            )
            for rule in tables.rules
        ]
        self.states = [0]
        self.values: list[Any] = []
        self.depths: list[int] = []
        self.result: Any = None
        self.at = 0
        self.passed: dict[tuple[int, int, str], tuple[int, int]] = {}

    def feed(self, tokens: list[Token], at: int) -> int:
        """Takes tokens from `at` on; gives the place of the first that does not fit, or their number."""
        rows, count = self.rows, len(tokens)
        while at < count:
            token = tokens[at]
            kind = token.kind
            target = rows[self.states[-1]].get(kind)
            if target is None:
                return at
            if target < 0:
                before = self.states[:], self.values[:], self.depths[:]
                self.at = at
                target = self.reduce(kind, target)
                if target is None:
                    self.states, self.values, self.depths = before
                    return at
                if target < 0:
                    return count
            self.states.append(target)
            self.values.append(token)
            self.depths.append(0)
            at += 1
        return count

    def reduce(self, kind: str, target: int | None) -> int | None:
        """Reduces while `kind` asks for it; the state to shift to, None for a mistake, -1 at the end."""
        rows, rules, states, values, depths = self.rows, self.rules, self.states, self.values, self.depths
        if len(states) > MAX_STACK:
            raise TooDeep
        while target is not None and target < 0:
            origin, size, build, deeper = rules[-1 - target]
            if build is None:
                states[-1], target = self.pass_through(kind, target)
                continue
            if size == 1:
                del states[-1]
                values[-1] = build(values[-1:])
                depths[-1] += deeper
            elif size:
                children = values[-size:]
                depth = max(depths[-size:]) + deeper
                if depth > MAX_DEPTH:
                    raise TooDeep
                del states[-size:], values[-size:], depths[-size:]
                values.append(build(children))
                depths.append(depth)
            else:
                values.append(build([]))
                depths.append(0)
            if origin == "start":
                self.result = values[-1]
                return -1
            states.append(rows[states[-1]][origin])
            target = rows[states[-1]].get(kind)
        return target

    def pass_through(self, kind: str, target: int) -> tuple[int, int | None]:
        """The state and action after a run of rules of one symbol; each operand passes a dozen."""
        key = self.states[-2], self.states[-1], kind
        known = self.passed.get(key)
        if known is not None:
            return known
        rows, rules, base, following = self.rows, self.rules, key[0], target
        while following < 0 and rules[-1 - following][2] is None:
            state = rows[base][rules[-1 - following][0]]
            found = rows[state].get(kind)
            if found is None:
                return state, None
            following = found
        self.passed[key] = state, following
        return state, following

    def simulate(self, kinds: list[str]) -> int:
        """How many of these would be taken from here on; nothing is built or changed."""
        rows, rules = self.rows, self.rules
        states = self.states[:]
        for taken, kind in enumerate(kinds):
            target = rows[states[-1]].get(kind)
            while target is not None and target < 0:
                origin, size, _, _ = rules[-1 - target]
                if origin == "start":
                    return taken + 1
                if size:
                    del states[-size:]
                states.append(rows[states[-1]][origin])
                target = rows[states[-1]].get(kind)
            if target is None:
                return taken
            states.append(target)
        return len(kinds)
