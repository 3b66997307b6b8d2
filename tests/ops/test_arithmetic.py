"""Arithmetic, comparisons and functions of one tensor."""

from __future__ import annotations

import pytest
import torch

from nndsl.ops import everything
from nndsl.ops.say import Collect
from nndsl.shapes import Facts, TensorType, symbol
from tests.ops.support import check, complaint, examples, flow, infer, read_type

NUMERIC = ["Add", "Subtract", "Multiply", "Divide", "FloorDivide", "Remainder"]
COMPARED = ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"]


@pytest.mark.parametrize("example", examples("arithmetic", "comparison", "elementwise", "generators", "tensor"))
def test_examples(example: str) -> None:
    positive = any(word in example for word in ("Log", "Sqrt", "Rsqrt", "Asin", "Acos", "Log1p", "Pow"))
    small = (
        {0: lambda t: torch.rand([int(s) for s in t.shape]) * 0.9 + 0.05}
        if positive and not example.startswith("int")
        else None
    )
    # PyTorch's counter knows no matrix times vector
    flow(example, data=small, opsets=(17, 23), macs="MatMul" in example and "[3])" not in example)


@pytest.mark.parametrize("name", [*NUMERIC, *COMPARED])
def test_two_tensors(name: str) -> None:
    op = everything()[name]()
    odd = {1: lambda t: torch.randn([int(s) for s in t.shape]) + 0.01}
    check(
        op,
        "[N, 1, 3]",
        "[T, 3]",
        at=[{"N": 2, "T": 4}, {"N": 1, "T": 1}],
        data=odd,
        opsets=(17,),
        tolerance=1e-4,
    )
    whole = {
        i: lambda t, i=i: torch.tensor([[-7, 7, 5]] if i == 0 else [[3], [-3], [4]], dtype=torch.int64) for i in (0, 1)
    }
    check(op, "int[1, 3]", "int[3, 1]", data=whole, opsets=(17, 23))


_TENTHS = [i / 10 for i in range(-30, 31)]
_ENDS = [0.0, 1e30, -1e30, float("inf"), float("nan")]


@pytest.mark.parametrize("name", ["FloorDivide", "Remainder"])
@pytest.mark.parametrize("dtype", ["float", "float64"])
def test_quotients_of_decimals(name: str, dtype: str) -> None:
    """1.0 // 0.1 is 9: what is left is exact, a quotient is rounded."""
    exact = torch.float64 if dtype == "float64" else torch.float32
    dividends = lambda t: torch.tensor([_TENTHS + _ENDS], dtype=exact)  # noqa: E731
    divisors = lambda t: torch.tensor([[n] for n in (*_TENTHS, float("inf"))], dtype=exact)  # noqa: E731
    types = f"{dtype}[1, {len(_TENTHS) + len(_ENDS)}]", f"{dtype}[{len(_TENTHS) + 1}, 1]"
    check(everything()[name](), *types, data={0: dividends, 1: divisors}, opsets=(17, 23))
    for number in (0.1, -0.3, 0.0):
        check(everything()[name](other=number), types[0], None, data={0: dividends}, opsets=(17,))
        check(everything()[name](other=number, reverse=True), types[0], None, data={0: dividends}, opsets=(17,))


@pytest.mark.parametrize("name", [*NUMERIC, *COMPARED])
@pytest.mark.parametrize("other", [3, -2.5, symbol("N") * 2])
@pytest.mark.parametrize("reverse", [False, True])
def test_numbers_and_sizes(name: str, other: object, reverse: bool) -> None:
    op = everything()[name](other=other, reverse=reverse)
    away = {
        0: lambda t: (
            torch.arange(1, 1 + 3 * int(t.shape[0]))
            .reshape(-1, 3)
            .to(torch.int64 if t.dtype == "int64" else torch.float32)
        )
    }
    check(op, "int[N, 3]", None, at=[{"N": 2}], data=away, opsets=(17,))
    check(op, "[N, 3]", None, at=[{"N": 2}], data=away, opsets=(17,), tolerance=1e-4)


@pytest.mark.parametrize("other", [2, 2.0, 0.5, symbol("N")])
def test_powers(other: object) -> None:
    positive = {0: lambda t: torch.rand([int(s) for s in t.shape]) + 0.5}
    check(everything()["Power"](other=other), "[N, 3]", None, at=[{"N": 2}], data=positive)
    check(everything()["Power"](other=other, reverse=True), "[N, 3]", None, at=[{"N": 2}], data=positive)
    assert "no powers of -1" in complaint(everything()["Power"](other=-1), "int[3]", None)[1]


def test_logic() -> None:
    for name in ("LogicalAnd", "LogicalOr"):
        check(everything()[name](), "bool[2, 3]", "bool[3]")
        check(everything()[name](other=True), "bool[2, 3]", None)
        assert complaint(everything()[name](), "bool[2]", "[2]")[0] == "dtype-mismatch"
    check("LogicalNot", "bool[N]", at=[{"N": 3}])
    check("Negative", "[N]", at=[{"N": 3}])
    check("Negative", "int[N]", at=[{"N": 3}])
    for name in ("Add", "Multiply", "Equal", "Less", "Maximum"):
        check(everything()[name](), "bool[2, 3]", "bool[3]")


class Told(Collect):
    """Keeps labels and helps too."""

    def error(self, message: str, **more: object) -> None:  # type: ignore[override]
        self.messages.append((str(more.get("label")), str(more.get("help"))))
        super().error(message, **more)  # type: ignore[arg-type]


def test_a_mismatch_names_every_dim() -> None:
    say = Told("Add")
    assert everything()["Add"]().shape(read_type("[N, 128, 28, 28]"), read_type("[N, 64, 56, 56]"), say) is None
    label, message = say.messages[0][0], say.messages[1]
    assert message == ("shape-mismatch", "these two cannot be added: [N, 128, 28, 28] and [N, 64, 56, 56]")
    assert label == "dim 1: 128 ≠ 64, dims 2 and 3: 28 ≠ 56"


def test_what_is_not_known_asks_for_a_fact() -> None:
    say = Told("Add")
    x, y = read_type("[N, H // 2 * 2]"), read_type("[N, H]")
    assert everything()["Add"]().shape(x, y, say) is None
    assert say.messages[1][0] == "unproven"
    assert say.messages[0][1] == "state it in the model: `require H % 2 == 0`"
    facts = Facts()
    assert facts.assume_equal(symbol("H") % 2, 0)
    assert everything()["Add"]().shape(x, y, Collect("Add", facts)) is not None


@pytest.mark.parametrize(
    ("name", "x", "other", "dtype"),
    [
        ("Add", "int[3]", 1.5, "float"),
        ("Add", "int32[3]", 1, "int32"),
        ("Add", "bool[3]", 1, "int64"),
        ("Add", "float16[3]", 2.0, "float16"),
        ("Add", "int32[3]", "int[]", "int32"),
        ("Add", "int32[3]", "[]", "float"),
        ("Add", "float16[3]", "float32[]", "float16"),
        ("Add", "float16[3]", "float32[1]", "float32"),
        ("Divide", "int[3]", 2, "float"),
        ("Power", "int[3]", 2, "int64"),
        ("Less", "int[3]", 0.5, "bool"),
    ],
)
def test_promotion(name: str, x: str, other: object, dtype: str) -> None:
    tensor = other if isinstance(other, str) else None
    result, messages = infer(everything()[name](other=None if tensor else other), x, tensor)
    assert not messages
    assert isinstance(result, TensorType)
    assert result.dtype == dtype


def test_matmul_complaints() -> None:
    code, message = complaint("MatMul", "[N, 3]", "[4, 5]")
    assert code == "shape-mismatch"
    assert message == "[N, 3] @ [4, 5]: the last dim of the first meets dim 0 of the second: 3 ≠ 4"
    assert complaint("MatMul", "int[2, 3]", "[3, 2]")[0] == "dtype-mismatch"
    assert "multiplied in batches" in complaint("MatMul", "[2, 4, 3]", "[5, 3, 2]")[1]
    assert complaint("MatMul", "[]", "[3]")[0] == "rank-mismatch"


def test_bool_is_no_number() -> None:
    assert complaint("Subtract", "bool[3]", "bool[3]")[0] == "dtype-mismatch"
    assert complaint("Abs", "bool[3]")[0] == "dtype-mismatch"
    assert complaint("Exp", "int[3]")[0] == "dtype-mismatch"
    assert complaint("Clamp", "[3]")[1] == "Clamp needs min, max or both"
