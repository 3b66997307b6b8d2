"""Every identity that the algebra uses, checked by evaluating on integers."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nndsl.shapes import Dim, DimTooLarge, Facts, Size, parse_dim, smax, smin, symbol

NAMES = ("H", "N", "W")
VALUES = st.fixed_dictionaries({name: st.integers(1, 40) for name in NAMES})
OPERATORS = ("+", "-", "*", "//", "%", "min", "max")

# An expression is a tree, so that it can be evaluated without the algebra.
Tree = Any
LEAVES = st.one_of(st.sampled_from(NAMES), st.integers(-6, 12))
TREES = st.recursive(LEAVES, lambda inner: st.tuples(st.sampled_from(OPERATORS), inner, inner), max_leaves=9)


def combined(operator: str, a: Size, b: Size) -> Size:
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    if operator == "*":
        return a * b
    if operator == "min":
        return smin(a, b)
    if operator == "max":
        return smax(a, b)
    return a // b if operator == "//" else a % b


def built(tree: Tree) -> Size:
    if isinstance(tree, str):
        return symbol(tree)
    if isinstance(tree, int):
        return tree
    operator, left, right = tree
    return combined(operator, built(left), built(right))


def worth(tree: Tree, values: dict[str, int]) -> int:
    if isinstance(tree, str):
        return values[tree]
    if isinstance(tree, int):
        return tree
    operator, left, right = tree
    a, b = worth(left, values), worth(right, values)
    if operator in ("min", "max"):
        return min(a, b) if operator == "min" else max(a, b)
    return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "//": a.__floordiv__, "%": a.__mod__}[operator](b)


def size_of(tree: Tree) -> Size:
    """The size, where it has one: no division by what is 0 for every value, and not enormous."""
    try:
        return built(tree)
    except (ZeroDivisionError, DimTooLarge):
        assume(False)
        raise


def number(size: Size, values: dict[str, int]) -> int:
    return size if isinstance(size, int) else size.evaluate(values)


def defined(tree: Tree, values: dict[str, int]) -> int:
    """Python's value of the tree; a division by zero says nothing about the algebra."""
    try:
        return worth(tree, values)
    except ZeroDivisionError:
        assume(False)
        raise


@settings(deadline=None, max_examples=300)
@given(TREES, VALUES)
def test_simplifying_keeps_the_value(tree: Tree, values: dict[str, int]) -> None:
    expected = defined(tree, values)
    assert number(size_of(tree), values) == expected


@settings(deadline=None, max_examples=200)
@given(TREES, VALUES)
def test_substituting_numbers_is_evaluating(tree: Tree, values: dict[str, int]) -> None:
    expected = defined(tree, values)
    size = size_of(tree)
    result = size if isinstance(size, int) else size.substitute(values)
    assert type(result) is int
    assert result == expected


@settings(deadline=None, max_examples=300)
@given(TREES)
def test_spelled_sizes_read_back(tree: Tree) -> None:
    size = size_of(tree)
    again = parse_dim(str(size))
    assert again == size
    assert hash(again) == hash(size)
    assert str(again) == str(size)


@settings(deadline=None, max_examples=300)
@given(TREES, VALUES)
def test_bounds_hold(tree: Tree, values: dict[str, int]) -> None:
    expected = defined(tree, values)
    size = size_of(tree)
    low, high = Facts().lower_bound(size), Facts().upper_bound(size)
    assert low is None or low <= expected
    assert high is None or expected <= high


@settings(deadline=None, max_examples=200)
@given(TREES, TREES, VALUES)
def test_proofs_hold(a: Tree, b: Tree, values: dict[str, int]) -> None:
    left, right = defined(a, values), defined(b, values)
    verdict = Facts().equal(size_of(a), size_of(b))
    if verdict is not None:
        assert verdict == (left == right)


CONDITIONS = st.one_of(
    st.tuples(st.just("divisible"), TREES, st.integers(1, 9)),
    st.tuples(st.just("divisible"), st.sampled_from(NAMES), st.integers(1, 40)),
    st.tuples(st.just("divisible"), TREES, st.sampled_from(NAMES)),
    st.tuples(st.just("equal"), st.tuples(st.just("%"), TREES, st.integers(2, 12)), st.integers(0, 12)),
    st.tuples(st.just("equal"), TREES, TREES),
    st.tuples(st.just("least"), TREES, st.integers(-5, 30)),
    st.tuples(st.just("most"), TREES, st.integers(1, 60)),
)


def learned(facts: Facts, condition: tuple[str, Tree, Tree]) -> bool:
    kind, a, b = condition
    if kind == "divisible":
        return facts.assume_equal(size_of(("%", a, b)), 0)
    if kind == "equal":
        return facts.assume_equal(size_of(a), size_of(b))
    assert isinstance(b, int)
    return facts.assume_at_least(size_of(a), b) if kind == "least" else facts.assume_at_least(-size_of(a), -b)


def holds(condition: tuple[str, Tree, Tree], values: dict[str, int]) -> bool:
    kind, a, b = condition
    left, right = defined(a, values), defined(b, values)
    if kind == "divisible":
        return left % right == 0
    if kind == "equal":
        return left == right
    return left >= right if kind == "least" else left <= right


@settings(deadline=None, max_examples=400)
@given(st.lists(CONDITIONS, min_size=1, max_size=3), TREES, TREES, VALUES)
def test_what_facts_prove_is_true_wherever_the_facts_are(
    conditions: list[tuple[str, Tree, Tree]], a: Tree, b: Tree, values: dict[str, int]
) -> None:
    used = [condition for condition in conditions if holds(condition, values)]
    facts = Facts()
    try:
        accepted = [condition for condition in used if learned(facts, condition)]
        left, right = defined(a, values), defined(b, values)
        verdict = facts.equal(size_of(a), size_of(b))
        low = facts.lower_bound(size_of(a))
    except (ZeroDivisionError, DimTooLarge):
        assume(False)
        raise
    del accepted
    assert verdict is None or verdict == (left == right)
    assert low is None or low <= left


@settings(deadline=None, max_examples=200)
@given(st.lists(CONDITIONS, min_size=1, max_size=2), st.integers(0, 2))
def test_samples_satisfy_accepted_facts(conditions: list[tuple[str, Tree, Tree]], which: int) -> None:
    facts = Facts()
    try:
        accepted = [condition for condition in conditions if learned(facts, condition)]
        values = facts.sample(which, NAMES)
    except (ZeroDivisionError, DimTooLarge, LookupError):
        assume(False)
        raise
    assert all(holds(condition, values) for condition in accepted)


@settings(deadline=None, max_examples=200)
@given(TREES, st.lists(CONDITIONS, max_size=2), VALUES)
def test_people_are_shown_an_equal_size_in_their_own_names(
    tree: Tree, conditions: list[tuple[str, Tree, Tree]], values: dict[str, int]
) -> None:
    used = [condition for condition in conditions if holds(condition, values)]
    facts = Facts()
    expected = defined(tree, values)
    try:
        for condition in used:
            learned(facts, condition)
        text = facts.spell(facts.normalize(size_of(tree)))
        shown = parse_dim(text)
    except (ZeroDivisionError, DimTooLarge):
        assume(False)
        raise
    assert "'" not in text
    assert number(shown, values) == expected


@settings(deadline=None, max_examples=100)
@given(TREES, TREES)
def test_the_missing_fact_suffices(a: Tree, b: Tree) -> None:
    left, right = size_of(a), size_of(b)
    try:
        text = Facts().missing_fact(left, right)
    except (ZeroDivisionError, DimTooLarge):
        assume(False)
        raise
    assert text is None or ("==" in text and "'" not in text)
    assert isinstance(left - right, (int, Dim))
