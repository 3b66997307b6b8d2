"""Costs in the letters of a model: they say what the numbers would be for other hyperparameters."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import nndsl
from nndsl.backends.summary import Summary, to_json, written
from nndsl.backends.summary.walk import walk

MODELS = Path(__file__).parents[2] / "models"
GPT = """
block Attention(heads: int) {
  input x: [B, T, D]
  require D % heads == 0
  q, k, v = x -> qkv: Linear(3 * D) -> Rearrange("b t (three h d) -> three b h t d", three=3, h=heads) -> Unbind(0)
  (q, k, v) -> ScaledDotProductAttention(causal=true) -> Rearrange("b h t d -> b t (h d)") -> proj: Linear(D)
}
block Layer(heads: int, hidden: int) {
  input x: [B, T, D]
  x -> Residual { norm1: LayerNorm -> attn: Attention(heads) }
    -> Residual { norm2: LayerNorm -> mlp: [Linear(hidden), GELU, Linear(D)] }
}
model GPT(d: int = 64, heads: int = 4, depth: int = 3, vocab: int = 100) {
  input tokens: int[B, T]
  layer embed = Embedding(vocab, d)
  h = tokens -> embed -> blocks: [Layer(heads, 4 * d)] * depth -> norm: LayerNorm
  output logits: [B, T, vocab] = h @ embed.weight.T
}
"""


def formulas(summary: Summary) -> dict[str, str]:
    return {name: told for name, told in (to_json(summary)["formulas"] or {}).items() if told is not None}


def macs_by_path(summary: Summary) -> dict[str, str]:
    return {row["path"]: row["macs_formula"] for row in to_json(summary)["layers"]}


def one(body: str, head: str, **settings: int) -> str | None:
    """The MACs of a model with one input."""
    text = f"model M({head}) {{ {body} }}"
    return formulas(nndsl.loads(text, dims=settings or None).summary()).get("macs")


def test_a_transformer_is_told_as_in_papers() -> None:
    summary = nndsl.loads(GPT).summary()
    told = macs_by_path(summary)
    assert told["blocks.0…2"] == "12·T·d² + 2·T²·d"
    assert told["blocks.0.attn.qkv"] == "3·T·d²"
    assert told["blocks.0.mlp.0"] == "4·T·d²"
    assert formulas(summary)["macs"] == "36·T·d² + 6·T²·d + T·d·vocab"
    assert "= 36·T·d² + 6·T²·d + T·d·vocab" in str(summary)


def test_fixed_dims_stay_letters_beside_the_numbers() -> None:
    fixed = nndsl.loads(GPT, dims={"T": 16}).summary()
    assert formulas(fixed)["macs"] == "36·T·d² + 6·T²·d + T·d·vocab"
    assert formulas(fixed)["training_macs"] == formulas(nndsl.loads(GPT).summary())["training_macs"]
    assert to_json(fixed)["macs"] == 36 * 16 * 64**2 + 6 * 16**2 * 64 + 16 * 64 * 100
    assert f"({to_json(fixed)['macs']:,})  = 36·T·d²" in str(fixed)


@pytest.mark.parametrize("hyper", [{"d": 96}, {"heads": 8}, {"vocab": 7}, {"d": 32, "heads": 2, "vocab": 30}])
def test_formulas_say_what_other_hyperparameters_would_cost(hyper: dict[str, int]) -> None:
    told = nndsl.loads(GPT).summary().formulas
    others = nndsl.loads(GPT, None, dims=None, **hyper).summary()
    assert told is not None
    values = {"d": 64, "heads": 4, "vocab": 100} | hyper
    for name in ("macs", "flops"):
        formula, number = getattr(told, name), getattr(others, name)
        assert formula.symbols() > {"B", "T"}
        assert formula.substitute(values) == number


@pytest.mark.parametrize("name", sorted(path.stem for path in MODELS.glob("*.nn")))
def test_the_zoo_is_told_in_letters_that_hold(name: str) -> None:
    from nndsl.diagnostics import Diagnostics
    from nndsl.elaborate import open_spec
    from nndsl.source import Source

    path = MODELS / f"{name}.nn"
    spec = open_spec(Source(path.read_text("utf-8"), str(path)), Diagnostics())
    model = spec.complete()[0].name.id
    summary = nndsl.load(f"{path}:{model}").summary()
    assert summary.formulas is not None
    letters = {s for s in summary.formulas.macs.symbols() if s not in summary.dims}  # type: ignore[union-attr]
    assert letters
    rows = {id(step.row): step.row for step in walk(summary)}.values()
    assert all(row.macs_formula is not None for row in rows if row.macs not in (0, None))


def test_letters_that_do_not_hold_for_other_values_stay_numbers() -> None:
    """How many tokens there are is decided by the side of a patch."""
    vit = nndsl.load("zoo/vit.nn:ViTB16").summary()
    told = formulas(vit)["macs"]
    assert "patch" not in told
    assert told == "9,456·dim² + 4,728·dim·hidden + classes·dim + 1,081,944·dim"


def test_what_a_letter_cannot_tell_is_lost_everywhere() -> None:
    text = """model M(hidden: int = 16, depth: int = 2) {
      input x: float[N, T, 8]
      h, state, cell = x -> LSTM(hidden, num_layers=depth, batch_first=true)
      output y = h -> Linear(depth * 3)
    }"""
    told = formulas(nndsl.loads(text).summary())["macs"]
    assert "hidden" in told
    assert "depth" not in told


def test_a_ratio_is_a_number() -> None:
    body = "input x: float[N, d]  output y = x -> Linear(int(d * ratio)) -> Linear(d)"
    assert one(body, "d: int = 8, ratio: float = 4.0") == "8·d²"
    assert one(body, "d: int = 8, ratio: float = 2.5") == "320"


def test_hyperparameters_of_blocks_are_told_in_those_of_the_model() -> None:
    text = """
    block Up(to: int) {
      input x: [N, D]
      x -> Linear(to) -> Linear(D)
    }
    model M(a: int = 8, b: int = 16) { input x: float[N, a]  output y = x -> first: Up(b) -> Linear(b) -> Up(a) }
    """
    summary = nndsl.loads(text).summary()
    assert macs_by_path(summary) == {
        "first": "2·a·b", "first.linear_1": "a·b", "first.linear_2": "a·b", "linear_1": "a·b",
        "up_1": "2·a·b", "up_1.linear_1": "a·b", "up_1.linear_2": "a·b",
    }  # fmt: skip
    assert formulas(summary)["macs"] == "5·a·b"


def test_a_spec_for_some_sizes_alone_is_told_in_hyperparameters() -> None:
    text = "model M(k: int = 4) { input x: float[B, T, 8]  output y = x -> Reshape(B, 16) -> Linear(k) }"
    assert formulas(nndsl.loads(text, dims={"T": 2}).summary())["macs"] == "16·k"


def test_formulas_are_exact_in_files_and_short_in_tables() -> None:
    text = """model M(c: int = 3) {
      input x: float[N, 3, H, W]
      require H % 16 == 0 and W % 16 == 0
      output y = x -> Conv2d(7, 3, stride=16, padding=1) -> ReLU -> Conv2d(c, 1)
    }"""
    summary = nndsl.loads(text).summary()
    assert formulas(summary)["macs"] == "7/256·H·W·c + 189/256·H·W"
    (line,) = [line for line in str(summary).splitlines() if line.startswith("MACs  ")]
    assert line.split()[1:] == ["0.8203·H·W", "=", "0.02734·H·W·c", "+", "0.7383·H·W", "for", "N", "=", "1"]
    rows = list(csv.DictReader(io.StringIO(written(summary, "csv"))))
    assert [row["formula"] for row in rows] == ["189/256·H·W", "0", "7/256·H·W·c"]
