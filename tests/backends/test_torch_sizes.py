"""Sizes that `forward` computes: what can be told from the inputs, and what cannot."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.backends.torch import sizes
from nndsl.ops.emit import Text
from nndsl.shapes import Dim, parse_dim


def said(size: str, *known: str) -> str:
    at: list[sizes.At] = []
    for number, other in enumerate(known):
        dim = parse_dim(other)
        assert isinstance(dim, Dim)
        at.append((Text("abc"[number]), dim))
    return str(sizes.said(parse_dim(size), at))


@pytest.mark.parametrize(
    ("known", "size", "text"),
    [
        (["(2*K + 2) // 3"], "(2*K + 2) // 21", "a // 7"),
        (["(2*K + 2) // 3"], "(2*K + 5) // 6", "(a + 1) // 2"),
        (["2*(H // 3) + 1"], "H // 9", "(a - 1) // 2 // 3"),
        (["H // 3 + W"], "(H + 3*W) // 15 * 2", "(a // 5) * 2"),
        (["H // 3 + W", "W"], "H // 3", "a - b"),
        (["H*W", "W"], "H", "a // b"),
        (["H*W + W", "W + 1"], "H", "(a - (b - 1)) // (b - 1)"),
        (["5 - H"], "H", "(a - 5) // -1"),
    ],
)
def test_what_is_at_hand_tells(known: list[str], size: str, text: str) -> None:
    assert said(size, *known) == text
    for values in ({"H": 4, "W": 5, "K": 9}, {"H": 2, "W": 3, "K": 40}):
        numbers = {"abc"[i]: _number(other, values) for i, other in enumerate(known)}
        assert eval(text, numbers) == _number(size, values)


def _number(text: str, values: dict[str, int]) -> int:
    size = parse_dim(text)
    return size if isinstance(size, int) else size.evaluate(values)


def test_what_nothing_tells_is_absent() -> None:
    for known in ([], ["W"], ["H // 2"], ["H + W"]):
        with pytest.raises(sizes.Absent):
            said("H", *known)


def test_it_is_a_mistake_and_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "block Seventh {\n  input x: [N, L]\n  x[:1, 0] + Arange(L // 7)\n}\n"
        "model M {\n  input x: float[N, H]\n  input z: float[N, 1]\n"
        "  output y = ((x, z) -> Concat(1))[:, ::3] -> Seventh\n}\n"
    )
    model = nndsl.loads(text)
    monkeypatch.setattr(sizes, "_fraction", lambda *_: None)
    with pytest.raises(nndsl.SpecError) as caught:
        model.source()
    (found,) = caught.value.diagnostics
    assert found.code == "unknown-dim"
    assert found.message == "Seventh computes with the size (H + 3) // 21, and none of its inputs tells it"


@pytest.mark.parametrize(
    "body",
    [
        "x * n",
        "x + Arange(n)[:1]",
        "x[:, none] -> Expand(N, n, D)",
    ],
)
def test_check_refuses_a_size_that_a_block_is_not_told(body: str) -> None:
    """What `compile` refuses; with the size fixed, or told by one more input, both accept it."""
    blocks = f"block Times(n: int) {{\n  input x: [N, D]\n  {body}\n}}\n"
    text = (
        blocks
        + "model M {\n  input z: float[K, T]\n  input x: float[N, 8]\n  output y = x -> Times(T)\n  output k = z\n}\n"
    )
    (found,) = nndsl.check(text)
    assert (found.code, found.span.text) == ("unknown-dim", "Times")
    assert found.message == "Times computes with the size T, and none of its inputs tells it"
    assert found.hints[-1] == "or fix T with --dim"
    with pytest.raises(nndsl.SpecError) as caught:
        nndsl.loads(text).source()
    assert [d.message for d in caught.value.diagnostics] == [found.message]
    assert nndsl.loads(text, dims={"T": 4}).source()
    told = text.replace("input x: [N, D]", "input x: [N, D]\n  input z: [K, E]").replace(
        "x -> Times", "(x, z) -> Times"
    )
    assert [d for d in nndsl.check(told) if d.severity == "error"] == []
    assert nndsl.loads(told).source()
