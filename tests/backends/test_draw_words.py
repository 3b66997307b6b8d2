"""What stands in boxes: the field's words or the spec's own, never a name or a size that only the compiler knows."""

from __future__ import annotations

import json
import re

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.atlas import Atlas
from nndsl.backends.draw.opening import Opening
from nndsl.backends.draw.words import counted
from nndsl.ops import everything
from tests.ops.test_end_to_end import SHOWN, sayable, spec

WRITTEN = """
model M {
  input x: float[N, 8]
  input chosen: int[N]
  param p: float[8] = zeros
  layer embed = Embedding(10, 8)
  a = x ** 2
  b = x > 0.5
  c = x <= p
  output powers = x ** a + 2 ** x
  output truth = b and c or not (x == a)
  output left = (x % 3) + (x // 2) + (1 - x) + -x
  output first = x[:, 0]
  output picked = x[chosen]
  output turned = x.T
  output tied = x @ embed.weight.T
  output eye = x @ Eye(8)
  output mode = if training { x -> Dropout } else { x }
}
"""

HALVED = """
model M {
  input x: float[N, 3, H, W]
  require H % 8 == 0 and W % 8 == 0, "three halvings"
  y = x -> MaxPool2d(4) -> Interpolate([H // 2, W // 2], mode="bilinear")
  output small = y[:, :, :H // 4] * (H // 2) -> Block(H // 2)
}
block Block(rows: int) = Dropout
"""


def scene(text: str, **asked: object) -> draw.Scene:
    return draw.scene(nndsl.loads(text)._graph, **asked)  # type: ignore[arg-type]


def words(made: draw.Scene) -> list[str]:
    return [" ".join(text.text.strip() for text in box.texts) for box in made.boxes if box.shape != "port"]


def test_what_has_syntax_of_its_own_is_told_as_it_is_written() -> None:
    found = words(scene(WRITTEN))
    assert {"x²", "**", "2 **", "> 0.5", "≤ p (8)", "and", "or", "not", "=", "% 3", "// 2", "1 −", "−x"} <= set(found)
    assert {"[:, 0]", "[index]", "Transpose", "MatMul ↔ embed.weight", "MatMul Eye(8)", "if training"} <= set(found)


def test_no_name_that_no_spec_can_write_is_shown() -> None:
    internal = {name for name, op in everything().items() if op.hidden and name not in ("Parameter", "Buffer")}
    model = nndsl.loads(WRITTEN)
    told = [*words(scene(WRITTEN)), *(box.title for box in scene(WRITTEN).boxes)]
    told += re.findall(r"─ \S+ +(\S+)", str(model.summary()))
    assert {"Index", "Merge", "Power", "Transposed", "WeightOf"} <= internal
    assert not internal & {word for text in told for word in re.findall(r"\w+", text.partition(": ")[2] or text)}


def test_a_summary_tells_whose_weight_is_used() -> None:
    assert "Embedding.weight" in str(nndsl.loads(WRITTEN).summary())


def test_sizes_are_those_that_were_written_and_not_what_facts_made_of_them() -> None:
    made = scene(HALVED, depth=0)
    found = words(made)
    assert "Interpolate to (H // 2, W // 2), bilinear" in found
    assert {"[:, :, :H // 4]", "× H // 2", "Block rows=H // 2"} <= set(found)
    page = draw.html(nndsl.loads(HALVED)._graph)
    for text in (draw.svg(made), page, str(nndsl.loads(HALVED).summary())):
        assert "'d8" not in text and "&#39;d8" not in text and json.dumps("'d8")[1:-1] not in text


@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.name)
def test_details_are_spelled_for_people(cls: type) -> None:
    for example in [e for e in cls.examples if sayable(e)]:  # type: ignore[attr-defined]
        for text in words(scene(spec(example))):
            assert not re.search(r",\)|\.0\b|True|False|None", text)


def test_a_closed_block_names_what_it_was_given_or_is_silent() -> None:
    said = "block B(out: int, r1: int = 0, r2: int = 0, r3: int = 0, r4: int = 0, r5: int = 0) = Linear(out)\n"
    short = said + "model M {\n  input x: [N, 8]\n  output y = x -> B(4, 5)\n}\n"
    assert words(scene(short, depth=0)) == ["B out=4, r1=5 · 36 params"]
    long = short.replace("B(4, 5)", "B(4, 500000, 500000, 500000, 500000, 500000)")
    assert words(scene(long, depth=0)) == ["B 36 params"]


@pytest.mark.parametrize("number, text", [(256, "256 params"), (9408, "9.41K"), (1, "1 param"), (11_689_512, "11.7M")])
def test_a_number_of_parameters_is_not_taken_for_another(number: int, text: str) -> None:
    assert counted(number) == text


def test_a_normalization_tells_no_size_that_is_inferred() -> None:
    text = "model M {\n  input x: [N, 8, 4, 4]\n  output y = x -> BatchNorm2d -> LayerNorm(dims=2)\n}\n"
    assert words(scene(text)) == ["BatchNorm2d 16 params", "LayerNorm last 2 · 32 params"]


MODES = """
model M {
  input x: float[N, 8]
  param p: float[1, 8] = zeros
  mu = x -> mu: Linear(8)
  z = if training { mu + (mu -> Exp) } else { mu }
  a = if training { z -> Dropout } else { p -> Expand(N, 8) }
  output y = a -> out: Linear(3)
}
"""


def test_what_only_training_sees_is_dotted() -> None:
    made = scene(MODES)
    paths = {box.id: box.path for box in made.boxes}
    training = {
        (paths[edge.source], paths[edge.target])
        for edge in made.edges
        if any(made.wires[i].training for i in edge.wires)
    }
    into = {("mu", "add_1"), ("mu", "exp_1"), ("exp_1", "add_1"), ("add_1", "merge_1")}
    assert training == into | {("merge_1", "dropout_1"), ("dropout_1", "merge_2")}
    assert "training only" in {swatch.text.text for swatch in made.legend}
    assert "if training else p (8)" in words(made)
    assert draw.svg(made).count('stroke-dasharray="1.4 2.6"') == sum(wire.training for wire in made.wires) + 1
    assert draw.dot(made).count("style=dotted") == len(training)
    assert "dash pattern=on 1.05pt off 1.95pt" in draw.tikz(made)


def test_a_line_that_is_dotted_further_on_is_not_where_others_take_it_too() -> None:
    made = scene(MODES)
    (mu,) = (box for box in made.boxes if box.path == "mu")
    top = [wire.points for wire in made.wires if wire.points[0][1] == mu.y and not wire.training]
    assert [abs(a[0] - b[0]) < 0.01 for a, b in top] == [True]


def test_a_model_of_one_mode_has_no_dotted_lines() -> None:
    assert not any(wire.training for wire in scene(HALVED).wires)


LONG = """
model Long {
  input x: float[N, 3, H, W]
  output y = x -> Conv2d(16, 3, stride=2) -> Conv2d(32, 3, stride=2) -> MaxPool2d(2) -> Conv2d(64, 3, 2, padding=1)
}
"""


def test_a_header_tells_macs_of_long_formulas_by_what_stays_of_them() -> None:
    (words,) = [text.text for text in scene(LONG).header if "parameters" in text.text]
    assert words == "23.6K parameters · ≈ 468·H·W MACs at N = 1"
    exact = nndsl.loads(LONG, dims={"N": 1, "H": 4096, "W": 4096}).summary().macs
    assert isinstance(exact, int) and abs(468 * 4096 * 4096 / exact - 1) < 0.01


def test_a_header_says_where_macs_are_told_that_no_short_formula_tells() -> None:
    graph = nndsl.loads("model M {\n  input x: [N, T, 8]\n  output y = x[:, :100] -> Linear(8)\n}\n")._graph
    assert draw.scene(graph).header[1].text == "72 parameters · MACs: see nndsl summary"


HEAD = """
model M {
  input x: float[B, 8]
  h = x -> Linear(8)
  if training { output aux = FIRST -> Linear(4) -> ReLU -> last: Linear(2) }
  output y = h -> Linear(3)
}
"""


@pytest.mark.parametrize("first", ["h", "(h * x)"])
def test_a_branch_says_once_that_it_is_for_training_only(first: str) -> None:
    made = scene(HEAD.replace("FIRST", first))
    said = [box.path for box in made.boxes if any("training only" in text.text for text in box.texts)]
    assert said == ["linear_2"]


STEPS = """
block Step {
  input h: [B, 4]
  input x: [B, 4]
  output h = h + x
  output y = h * x
}
model M {
  input x: float[B, T, 4]
  h, y = (Zeros(B, 4), x) -> Scan(Step, reverse=true)
  output y = y
}
"""


def test_no_text_has_the_name_of_a_class_that_no_spec_can_write() -> None:
    graph = nndsl.loads(STEPS)._graph
    picture = draw.svg(draw.scene(graph, depth=9))
    assert "each_step_1: each step, from the last to the first" in picture
    page = json.dumps(Atlas(graph, Opening(), "up", "sans", labels=True).write())
    for text in (picture, page):
        assert not re.search(r"stepof|(?<!all_)\bsteps_|Steps\(", text, re.IGNORECASE)


GIVEN = """
block Inner {
  input x: [B, D]
  input q: [D]
  output y = x + q -> Linear(D)
}
model M {
  input x: float[B, 8]
  param p: float[8] = zeros
  output y = (x, p) -> inner: Inner
}
"""


@pytest.mark.parametrize("depth", [0, 1])
def test_a_parameter_is_told_with_its_size_where_its_block_is_open_too(depth: int) -> None:
    boxes = draw.scene(nndsl.loads(GIVEN)._graph, depth=depth).boxes
    assert sum(text.text.strip() == "p (8)" for box in boxes for text in box.texts) == 1


def test_a_loop_tells_its_steps_as_they_are_written() -> None:
    text = "block Add { input h: [N, D]\n input x: [N, D]\n output n = h + x }\nmodel M { input xs: float[N, T, 4]\n"
    text += ' require T >= 2, "two"\n output y = (Zeros(N, 4), xs[:, 1:]) -> Scan(Add) }'
    made = scene(text, depth=9)
    assert next("".join(t.text for t in frame.texts) for frame in made.clusters) == "Scanfor each of T - 1"
    assert words(scene(text, depth=0))[-1] == "Scan for each of T - 1 h xs"


def test_a_label_is_not_told_twice() -> None:
    text = "model M { input x: float[N, 8]\n x -> flow_head: [Linear(8), ReLU] -> cab: [Linear(8), ReLU] }"
    made = scene(text, depth=9)
    assert [frame.texts[0].text for frame in made.clusters] == ["flow_head", "cab"]
    assert not any("flow_head" in text.text for frame in made.clusters for text in frame.texts[1:])
