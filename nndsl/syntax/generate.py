"""Makes the parser's tables from the grammar; `python -m nndsl.syntax.generate` writes them down."""

from __future__ import annotations

import logging
from typing import Any

from nndsl.syntax.tables import STORED, Rule, Tables, encode, grammar_path


class _Conflicts(logging.Handler):
    """Lark settles shift/reduce conflicts in silence; here each is a bug of the grammar."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "conflict" in record.getMessage().lower():
            self.found.append(record.getMessage())


def make(grammar: str) -> Tables:
    import lark

    conflicts, level = _Conflicts(), lark.logger.level
    lark.logger.addHandler(conflicts)
    lark.logger.setLevel(logging.DEBUG)
    try:
        made = lark.Lark(grammar, parser="lalr", lexer="basic", debug=True)
    finally:
        lark.logger.removeHandler(conflicts)
        lark.logger.setLevel(level)
    if conflicts.found:
        raise ValueError("the grammar is not LALR(1):\n" + "\n".join(conflicts.found))
    return _convert(made)


def _convert(made: Any) -> Tables:
    words: dict[str, str] = {}
    marks: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for terminal in made.terminals:
        if terminal.pattern.type != "str":
            patterns[terminal.name] = terminal.pattern.value
        elif terminal.pattern.value.isalpha():
            words[terminal.pattern.value] = terminal.name
        else:
            marks[terminal.name] = terminal.pattern.value
    rules = {rule: number for number, rule in enumerate(made.rules)}
    return Tables(
        words,
        sorted(marks.values(), key=lambda mark: (-len(mark), mark)),
        patterns,
        [_rule(rule) for rule in made.rules],
        _rows(made.parser.parser._parse_table, rules, marks),
    )


def _rule(rule: Any) -> Rule:
    size = len(rule.expansion)
    through = rule.options.expand1 and rule.alias is None and size == 1
    return Rule(str(rule.origin.name), size, "" if through else str(rule.alias or rule.origin.name))


def _rows(table: Any, rules: dict[Any, int], marks: dict[str, str]) -> list[dict[str, int]]:
    """States numbered from the start by where shifts lead, so that equal grammars give equal files."""
    order = [table.start_states["start"]]
    seen = set(order)
    for state in order:
        for symbol in sorted(table.states[state]):
            action, target = table.states[state][symbol]
            if action.name == "Shift" and target not in seen:
                seen.add(target)
                order.append(target)
    number = {state: at for at, state in enumerate(order)}
    rows = []
    for state in order:
        row = {}
        for symbol in sorted(table.states[state]):
            action, target = table.states[state][symbol]
            row[marks.get(symbol, symbol)] = number[target] if action.name == "Shift" else -1 - rules[target]
        rows.append(row)
    return rows


def main() -> None:
    grammar = grammar_path().read_bytes()
    STORED.write_text(encode(make(grammar.decode("utf-8")), grammar), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
