"""Rearrangements by pattern."""

from __future__ import annotations

import pytest
import torch

from nndsl.ops import everything
from nndsl.ops.say import Collect
from nndsl.shapes import Facts, symbol
from tests.ops.support import build_module, check, complaint, examples, flow, read_type

AT = [{"N": 2, "C": 3, "H": 4, "W": 5, "T": 6, "B": 2}, {"N": 1, "C": 2, "H": 3, "W": 1, "T": 2, "B": 3}]


@pytest.mark.parametrize("example", examples("einops"))
def test_examples(example: str) -> None:
    flow(example, at=AT, opsets=(17, 23))


def written(op: str, type: str, **sizes: object) -> str:
    """The expression in `forward`."""
    name, _, pattern = op.partition(" ")
    made = everything()[name](pattern, **sizes)
    return str(build_module(made, [read_type(type)]).source).rsplit("return ", 1)[1]


@pytest.mark.parametrize(
    ("op", "type", "sizes", "text"),
    [
        ("Rearrange b t (h d) -> b h t d", "[B, T, 12]", {"h": 3}, "x.unflatten(2, (3, -1)).transpose(1, 2)"),
        ("Rearrange b h t d -> b t (h d)", "[B, 3, T, 4]", {}, "x.transpose(1, 2).flatten(2)"),
        ("Rearrange n c h w -> n (h w) c", "[N, C, H, W]", {}, "x.flatten(2).transpose(1, 2)"),
        ("Rearrange n c h w -> n h w c", "[N, C, H, W]", {}, "x.permute(0, 2, 3, 1)"),
        ("Rearrange n c h w -> n (c h w)", "[N, C, H, W]", {}, "x.flatten(1)"),
        (
            "Rearrange b t (three h d) -> three b h t d",
            "[B, T, 24]",
            {"three": 3, "h": 2},
            "x.unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)",
        ),
        ("Rearrange n t -> n t", "[N, T]", {}, "x"),
        ("Repeat n d -> n t d", "[N, 4]", {"t": 3}, "x.unsqueeze(1).expand(-1, 3, -1)"),
    ],
)
def test_the_text_is_what_one_would_write(op: str, type: str, sizes: dict[str, object], text: str) -> None:
    assert written(op, type, **sizes) == text


def test_whole_numbers_reduce() -> None:
    for reduction in ("sum", "max", "prod"):
        check(everything()["Reduce"]("n t -> n", reduction), "int32[2, 3]", high=4, opsets=(17,))


@pytest.mark.parametrize(
    ("op", "type", "message"),
    [
        ('Rearrange("b t (h d) -> b h t e", h=3)', "[2, 5, 12]", "d stands on the left only, and e on the right only"),
        ('Rearrange("b t d -> b t")', "[2, 5, 12]", "d stands on the left only: `Reduce` reduces an axis"),
        ('Rearrange("b t -> b t d")', "[2, 5]", "d stands on the right only: `Repeat` adds an axis"),
        ('Rearrange("b (h d -> b h d", h=3)', "[2, 12]", "a ( without its )"),
        ('Rearrange("b h) d -> b h d", h=3)', "[2, 12]", "a ) without its ("),
        ('Rearrange("b ((h d)) -> b h d", h=3)', "[2, 12]", "parentheses do not nest"),
        ('Rearrange("b b -> b")', "[2, 12]", "b stands twice on one side"),
        ('Rearrange("b t")', "[2, 12]", "a pattern has the form `axes -> axes`"),
        ('Rearrange("b t-> b,t")', "[2, 12]", ", is no axis: a name, a number, ... or parentheses"),
        ('Rearrange("b -> ... b")', "[2]", "... stands on the right only"),
        ('Rearrange("b t (h d) -> b h t d", heads=3)', "[2, 5, 12]", "the pattern has no axis heads"),
        ('Rearrange("b t (h d) -> b h t d")', "[2, 5, 12]", "dim 2 is (h d): the sizes of h and d are not known"),
        ('Rearrange("b t (h d) -> b h t d", h=5)', "[2, 5, 12]", "dim 2 is (h d): 12 is not divisible by 5"),
        ('Rearrange("b t (h d) -> b h t d", h=5, d=2)', "[2, 5, 12]", "dim 2 is (h d): 12 ≠ 10"),
        ('Rearrange("b t d -> b d t")', "[2, 5]", "the pattern `b t d` has 3 axes, and this has 2 dims: [2, 5]"),
        ('Rearrange("b 1 d -> b d")', "[2, 5, 3]", "dim 1 has size 1 in the pattern: 5 ≠ 1"),
        ('Rearrange("b (t 2) -> b t")', "[2, 6]", "2 is no name: give its axis one, and its size by keyword"),
        ('Repeat("b d -> b t d")', "[2, 6]", "the size of the new axis t must be given: `t=…`"),
        ('Repeat("b d -> b")', "[2, 6]", "d stands on the left only: `Reduce` reduces an axis"),
        ('Reduce("b d -> b t", "sum")', "[2, 6]", "t stands on the right only: `Repeat` adds an axis"),
        ('Rearrange("b (h d) -> b h d", h=0)', "[2, 6]", "an axis of size 0"),
    ],
)
def test_mistakes(op: str, type: str, message: str) -> None:
    assert complaint(op, type)[1] == message


def test_divisibility_is_proven() -> None:
    op = everything()["Rearrange"]("n c (h p) -> n h (p c)", p=16)
    assert complaint(op, "[N, C, H]") == ("unproven", "dim 2 is (h p): H is not known to be divisible by 16")
    facts = Facts()
    assert facts.assume_equal(symbol("H") % 16, 0)
    made = op.shape(read_type("[N, C, H]"), Collect("Rearrange", facts))
    assert made is not None
    assert facts.spell(made.shape[1]) == "H // 16"


def test_values_are_those_of_einops() -> None:
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    op = everything()["Rearrange"]("b c (h p) (w q) -> b (c p q) h w", p=3, q=2)
    got = build_module(op, [read_type("[1, 2, 3, 4]")])(x)
    want = x.reshape(1, 2, 1, 3, 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(1, 12, 1, 2)
    assert torch.equal(got, want)


def test_sizes_are_spelled() -> None:
    op = everything()["Rearrange"]("b (h d) -> b h d", h=3)
    assert op.spell() == 'Rearrange("b (h d) -> b h d", h=3)'
    assert op.key() == everything()["Rearrange"]("b (h d) -> b h d", h=3).key()
    assert op.key() != everything()["Rearrange"]("b (h d) -> b h d", h=4).key()
