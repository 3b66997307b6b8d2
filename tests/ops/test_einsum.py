"""Einsum."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
import torch

from nndsl.ops import everything
from nndsl.ops.costing import Use
from nndsl.ops.strided import Strided
from nndsl.shapes import TensorType
from tests.ops.saved_support import saved_storages
from tests.ops.support import check, complaint, examples, flow, read_type

AT = [{"N": 2, "B": 2, "H": 3, "T": 5, "S": 4}, {"N": 1, "B": 1, "H": 2, "T": 2, "S": 3}]


@pytest.mark.parametrize("example", examples("einsum"))
def test_examples(example: str) -> None:
    flow(example, at=AT, opsets=(17, 23), tolerance=1e-4)


@pytest.mark.parametrize(
    ("equation", "letters"),
    [
        ("bid,bjd->bij", "bid,bjd->bij"),
        ("b h i d, b h j d -> b h i j", "b h i d, b h j d -> b h i j"),
        ("batch time dim, dim out -> batch time out", "b t d, d o -> b t o"),
        ("... d, d -> ...", "... d, d -> ..."),
    ],
)
def test_names_become_letters(equation: str, letters: str) -> None:
    assert everything()["Einsum"](equation).letters() == letters


@pytest.mark.parametrize(
    ("equation", "types", "message"),
    [
        ("ij,jk->ik", ["[2, 3]", "[4, 5]"], "j in dim 0 of input 1 ([4, 5]): 3 ≠ 4"),
        ("ij,jk->ik", ["[2, 3]"], "the equation has 2 inputs, and 1 are given"),
        ("ij,jk->il", ["[2, 3]", "[3, 4]"], "l stands on the right only"),
        ("ij->ii", ["[2, 3]"], "i stands twice on the right"),
        ("ij->i->j", ["[2, 3]"], "an equation has one ->"),
        ("i1->i", ["[2, 3]"], "1 is no index: a letter, a name or ..."),
        ("ijk->i", ["[2, 3]"], "`i j k` has 3 indices, and input 0 has 2 dims: [2, 3]"),
        ("ij,jk->ik", ["[2, 3]", "int[3, 4]"], "Einsum takes inputs of one numeric type: float and int64"),
        ("ii->", ["[3, 1]"], "i in dim 1 of input 0 ([3, 1]): 3 ≠ 1"),
        ("ii->i", ["[1, 3]"], "i in dim 1 of input 0 ([1, 3]): 1 ≠ 3"),
        (" ".join(f"i{n}" for n in range(53)) + " -> ", ["[2, 3]"], "an equation has at most 52 indices"),
        ("...i,...i->...", ["[2, 3]", "[4, 3]"], "these two cannot be combined (their ...): [2] and [4]"),
    ],
)
def test_mistakes(equation: str, types: list[str], message: str) -> None:
    assert complaint(everything()["Einsum"](equation), *types)[1] == message


@pytest.mark.parametrize(
    ("equation", "types"),
    [
        ("... d, d e -> e", ["[N, T, 3]", "[3, 4]"]),
        ("... d -> d", ["[2, T, 3]"]),
        ("...d,...e->de", ["[N, 1, 3]", "[T, 4]"]),
        ("...d,...d->...", ["[N, 1, 3]", "[5, 3]"]),
        ("ij,jk->ik", ["[N, 1]", "[3, 4]"]),
        ("ii,i->i", ["[1, 1]", "[N]"]),
        ("ij,ij->ji", ["[N, 1]", "[N, 4]"]),
        ("i...i->...", ["[3, N, 3]"]),
        ("ij,ij->ij", ["int[N, 1]", "int[1, T]"]),
    ],
)
def test_sizes_of_one_and_dots(equation: str, types: list[str]) -> None:
    check(everything()["Einsum"](equation), *types, at=AT, high=5, opsets=(17, 23), tolerance=1e-4)


def test_as_many_indices_as_letters() -> None:
    names = [f"i{n}" for n in range(52)]
    assert complaint(everything()["Einsum"](" ".join(names) + " -> "), "[2, 3]")[0] == "rank-mismatch"
    assert len(set(everything()["Einsum"](" ".join(names) + " -> i0").letters()) - set(" ->")) == 52


@pytest.mark.parametrize(
    ("equation", "types", "macs", "flops"),
    [
        ("ij,jk->k", ["[200, 3]", "[3, 4]"], 12, 24 + 600),  # i is summed first
        ("ij,kj->k", ["[2, 3]", "[5, 3]"], 15, 30 + 6),
        ("i,j->", ["[7]", "[5]"], 1, 2 + 7 + 5),
        ("i,j->ij", ["[7]", "[5]"], 35, 70),
        ("ij,jk->ik", ["[2, 1]", "[3, 4]"], 8, 16 + 12),
        ("...d,de->e", ["[6, 5, 3]", "[3, 4]"], 12, 24 + 90),
        ("...d,...e->...de", ["[6, 1, 3]", "[5, 4]"], 6 * 5 * 3 * 4, 2 * 6 * 5 * 3 * 4),
        ("ij->ji", ["[2, 3]"], 0, 0),
        ("ij->i", ["[2, 3]"], 0, 6),
    ],
)
def test_what_stands_alone_is_summed_first(equation: str, types: list[str], macs: int, flops: int) -> None:
    op = everything()["Einsum"](equation)
    read = [read_type(t) for t in types]
    assert (op.macs(*read, y=None), op.flops(*read, y=None)) == (macs, flops)


def test_costs() -> None:
    op = everything()["Einsum"]("b h i d, b h j d -> b h i j")
    types = [read_type("[B, H, T, 8]"), read_type("[B, H, S, 8]")]
    assert str(op.macs(*types, y=None)) == "8*B*H*S*T"
    chain = everything()["Einsum"]("ij,jk,kl->il")
    matrices = [read_type("[2, 3]"), read_type("[3, 4]"), read_type("[4, 5]")]
    assert chain.macs(*matrices, y=None) == 2 * 3 * 4 + 2 * 4 * 5
    assert everything()["Einsum"]("ii->i").macs(read_type("[3, 3]"), y=None) == 0


def test_whole_numbers() -> None:
    check(everything()["Einsum"]("ij,jk->ik"), "int[2, 3]", "int[3, 4]", high=5, opsets=(17,))


SAVING = [
    "bs,sd,de->be",
    "bi,oij,bj->bo",
    "ir,jr,kr->ijk",
    "a,b,c->cba",
    "bhid,bhjd,bhjd->bhid",
    "nsd,ns,dk->nk",
    "ab,bc,cd,de->ae",
    "ii,ij,jk->k",
    "ab,cd->a",
    "ijk,ilm,njm,nlk,abc->",
    "nkctv,kvw->nctw",
]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("equation", SAVING)
def test_what_is_kept_of_several_inputs(equation: str, turned: bool) -> None:
    """Whichever of them need a gradient, and in whatever order they lie in memory."""
    sizes = dict(zip("abcdehijklmnorstvw", range(2, 20), strict=False))
    terms = equation.partition("->")[0].split(",")
    op = everything()["Einsum"](equation)
    for needs in list(product((False, True), repeat=len(terms)))[1:]:
        xs = [torch.randn([sizes[name] for name in term[:: -1 if turned else 1]]) for term in terms]
        xs = [x.requires_grad_(need) for x, need in zip(xs, needs, strict=True)]
        xs = [x.permute(*range(x.dim())[::-1]) if turned else x for x in xs]
        types = [TensorType("float32", tuple(x.shape)) for x in xs]
        use = Use(needs, tuple(Strided(type, x.stride()) for type, x in zip(types, xs, strict=True)))
        kept, result = saved_storages(torch.nn.Identity(), lambda xs=xs: torch.einsum(equation, *xs))
        y = TensorType("float32", tuple(result.shape))
        told = op.saves(*types, y=y, use=use)
        shapes = [types[at].shape for at in told.inputs] + [type.shape for type in told.made]
        assert sum(4 * prod(shape) for shape in shapes) == sum(s.nbytes() for s in kept.values()), needs
        assert op.strides(*types, y=y, use=use) == result.stride(), needs
