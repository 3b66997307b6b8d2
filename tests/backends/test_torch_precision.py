"""`.half()`, `.double()` and `.bfloat16()` on a module: what is cast to the model's floating type follows."""

from __future__ import annotations

import pytest
import torch

import nndsl

BYTES = torch.arange(8, dtype=torch.uint8).reshape(2, 4)
MASK = torch.tensor([[True, True, False, False], [True, False, False, False]])

WEIGHTLESS = """
block Kept {
  input m: bool[N, T]
  output y = 1.0 - (m -> Cast(float))
}
"""
DEEP = """
block Deep {
  input x: [N, _]
  x -> [Linear(3), ReLU] -> Linear(4)
}
"""


@pytest.mark.parametrize(
    ("body", "blocks", "given", "text"),
    [
        (
            "input f: uint8[N, 4]\noutput y = f -> Cast(float) -> fc: Linear(2)",
            "",
            BYTES,
            "self.fc(f.to(self.fc.weight.dtype))",
        ),
        (
            "input f: uint8[N, 4]\nother = f -> Cast(float) -> Cast(int)\n"
            "output y = f / 255 -> a: Linear(2)\noutput z = other * 2",
            "",
            BYTES,
            "self.a.weight.dtype",
        ),
        (
            "input t: int[N, T]\noutput y = Arange(T, dtype=float)[:, none] -> fc: Linear(2)\noutput z = t",
            "",
            BYTES.long(),
            "dtype=self.fc.weight.dtype",
        ),
        (
            "input t: uint8[N, T]\ninput m: bool[N, T]\n"
            "output y = (t -> Cast(int) -> embed: Embedding(9, 3)) * (m -> Cast(float) -> Unsqueeze(-1))",
            "",
            (BYTES, MASK),
            "m.to(self.embed.weight.dtype)",
        ),
        (
            "input f: uint8[N, 4]\nparam p: float[4] = ones\noutput y = (f -> Cast(float)) * p",
            "",
            BYTES,
            "f.to(self.p.dtype) * self.p",
        ),
        (
            "input f: uint8[N, 4]\noutput y = (f -> Cast(float)) / 255 -> deep: Deep",
            DEEP,
            BYTES,
            "f.to(next(self.deep.parameters()).dtype) / 255",
        ),
        (
            "input m: bool[N, 4]\noutput y = m -> Kept -> fc: Linear(2)",
            WEIGHTLESS,
            MASK,
            'self.register_buffer("dtype_like", torch.empty(0), persistent=False)',
        ),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_casts_follow_the_weights(body: str, blocks: str, given: object, text: str, dtype: torch.dtype) -> None:
    model = nndsl.loads(f"{blocks}\nmodel M {{\n{body}\n}}")
    assert text in " ".join(model.source().split()), model.source()
    module = model.module().to(dtype)
    inputs = given if isinstance(given, tuple) else (given,)
    y = module(*inputs)
    assert (y if isinstance(y, torch.Tensor) else y[0]).dtype == dtype


def test_what_carries_the_type_is_no_part_of_the_state() -> None:
    model = nndsl.loads(WEIGHTLESS + "model M {\ninput m: bool[N, 4]\noutput y = m -> Kept -> fc: Linear(2)\n}")
    assert list(model.module().state_dict()) == ["fc.weight", "fc.bias"]


def test_a_model_without_weights_has_the_default_type() -> None:
    source = nndsl.loads("model M {\ninput f: uint8[N, 4]\noutput y = f -> Cast(float)\n}").source()
    assert "f.to(torch.get_default_dtype())" in source
