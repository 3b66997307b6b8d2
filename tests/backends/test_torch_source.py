"""What the generated files look like: golden sources, read by people, and the formatter's and linter's word on them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nndsl.backends.torch import layout, source
from tests.backends.torch_support import ROOT, check, complaints, formatted, graph_of, zoo

GOLDEN = ROOT / "tests" / "golden" / "torch"
MODELS = [
    ("lenet.nn", "LeNet5"),
    ("resnet.nn", "ResNet18"),
    ("resnet.nn", "ResNet50"),
    ("googlenet.nn", "GoogLeNet"),
    ("vit.nn", "ViTB16"),
    ("transformer_encoder.nn", "TransformerEncoder"),
    ("lstm_classifier.nn", "LSTMClassifier"),
]


@pytest.mark.parametrize(("file", "name"), MODELS)
def test_golden(file: str, name: str) -> None:
    """Rewritten by `UPDATE_GOLDEN=1 pytest tests/backends`."""
    text = source(zoo(file, name), origin=f"models/{file}")
    path = GOLDEN / f"{name}.py"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert complaints(text) == ""


@pytest.mark.parametrize(("file", "name"), [m for m in MODELS if m[1] not in ("ViTB16", "ResNet50")])
def test_zoo_runs(file: str, name: str) -> None:
    check(zoo(file, name))


def test_twice_the_same() -> None:
    assert source(zoo("googlenet.nn", "GoogLeNet")) == source(zoo("googlenet.nn", "GoogLeNet"))


def test_runs_without_this_project(tmp_path: Path) -> None:
    """The file alone, in an interpreter that cannot import nndsl."""
    (tmp_path / "made.py").write_text(source(zoo("lenet.nn", "LeNet5")), encoding="utf-8")
    program = (
        "import sys; sys.modules['nndsl'] = None; import torch, made;"
        "print(tuple(made.LeNet5()(torch.zeros(2, 1, 32, 32)).shape))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "(2, 10)"


def test_writing_imports_nothing_heavy() -> None:
    program = (
        "import sys; from tests.backends import torch_light;"
        "print([m for m in ('torch', 'numpy', 'onnx') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


BLOCK = """
block Unit(channels: int, stride: int = 1) {
  input x: [N, C, H, W]
  x -> conv: Conv2d(channels, 3, stride, padding=1, bias=false) -> bn: BatchNorm2d -> ReLU
}
"""


def test_equal_structures_share_a_class() -> None:
    text = source(
        graph_of(BLOCK + "model M { input x: float[N, 3, 8, 8]\n output y = x -> a: Unit(8) -> b: Unit(16, stride=2) }")
    )
    assert text.count("class ") == 2
    assert "def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:" in text
    assert "self.a = Unit(3, 8)\n" in text
    assert "self.b = Unit(8, 16, stride=2)\n" in text


def test_many_equal_members_are_one_line() -> None:
    text = source(graph_of(BLOCK + "model M { input x: float[N, 8, 8, 8]\n output y = x -> layers: [Unit(8)] * 12 }"))
    assert "nn.Sequential(*[Unit(8, 8) for _ in range(12)])" in text


def test_residuals_read_like_formulas() -> None:
    text = source(
        graph_of(
            "block L(hidden: int) { input x: [B, T, D]\n"
            "  x -> Residual { norm1: LayerNorm -> attn: Linear(D) } }\n"
            "model M { input x: float[B, T, 64]\n output y = x -> l: L(8) }"
        )
    )
    assert "return x + self.attn(self.norm1(x))" in text


def test_names_of_python_and_torch_are_left_alone() -> None:
    text = (
        "model M { input input: float[N, 8]\n"
        "  nn = input -> type: Linear(8) -> class: Linear(8) -> 'a-b': Linear(8) -> train: Linear(8)\n"
        "  l = nn * 2\n  torch = l + nn\n"
        "  output F = torch -> self: Linear(8) -> list: [first: Linear(8), items: ReLU, '0c': Linear(8)] }"
    )
    check(graph_of(text.replace("'", '"')))


HOSTILE = '''
# """ + __import__("os").system("touch /tmp/owned") + """ \\\\ \\" {x} %s
model M {
  input x: float[N, 8]
  # """\\N{BELL}
  output y: [N, 8] = x -> "import-os-{1 + 1}": Linear(8)
    -> Rearrange("n (a b) -> n (b a)", a=2) -> Einsum("i j -> i j")
}
'''


def test_strings_of_a_spec_stay_strings() -> None:
    """A docstring cannot be ended, a label is quoted."""
    made = source(graph_of(HOSTILE), origin='"""; import os\n#')
    assert "import os\n" not in made
    check(graph_of(HOSTILE), made)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ('"Cats" are animals.', '""" "Cats" are animals."""'),
        ('It says "cat"', '"""It says "cat" """'),
        ('"cat"', '""" "cat" """'),
        ('Not """ended""" yet.', "\"\"\"Not '''ended''' yet.\"\"\""),
        ("A path, C:\\", '"""A path, C:\\\\"""'),
        (f'{"word " * 15}and a "cat"', f'"""{"word " * 15}and a'),
    ],
)
def test_quotes_at_the_ends_of_a_docstring_stand_apart(words: str, first: str) -> None:
    """From those that begin and end it, as the formatter has it."""
    graph = graph_of(f"# {words}\nmodel M {{ input x: float[N, 8]\n output y = x -> Linear(8) }}")
    made = source(graph)
    assert made.split("class M(nn.Module):\n", 1)[1].strip().split("\n")[0] == first
    said = next(n for n in ast.parse(made).body if isinstance(n, ast.ClassDef))
    assert " ".join((ast.get_docstring(said) or "").split()) == words.replace('"""', "'''")
    check(graph, made)


def test_a_docstring_may_mention_a_part_of_an_input() -> None:
    """And not of what the class has not."""
    spec = (
        "# Of `x[0]` the `width`. Of `z[0]` none. As `x -> B(3)`.\nblock B(k: int) { input x: [N, D]\n x -> Linear(k) }"
    )
    made = source(graph_of(f"{spec}\nmodel M {{ input a: float[N, 8]\n output y = a -> B(3) }}"))
    assert '"""Of `x[0]` the `width`."""' in made


def test_whole_factors_are_one() -> None:
    made = source(
        graph_of(
            "block Outer(k: int) { input x: [N, D]\n x -> a: Inner(8 * k) -> b: Inner(4 * k) -> c: Linear(2) }"
            "block Inner(k: int) { input x: [N, D]\n x -> Linear(4 * k) }".replace("}block", "}\nblock")
            + "model M { input x: float[N, 8]\n output y = x -> Outer(3) -> Outer(5) }".replace("model", "\nmodel")
        )
    )
    assert "Inner(32 * k, 4 * k)" in made
    assert "nn.Linear(16 * k, 2)" in made


def test_hostile_names_in_the_ir_cannot_become_code() -> None:
    """Even an IR that no spec gives: labels, value names, graph names, docs."""
    bad = 'x"); __import__("os").abort(); ("'
    graph = graph_of("model M { input x: float[N, 8]\n h = x -> a: Linear(8)\n output y = h + h -> b: Linear(8) }")
    graph.name, graph.doc = f"M{bad}", f'{bad}\n"""\n{bad}\\'
    graph.inputs[0].name = graph.nodes[0].outputs[0].name = bad
    graph.nodes[0].label = bad.replace(".", "_")
    text = source(graph)
    compile(text, "made.py", "exec")
    names: dict[str, object] = {}
    exec(text, names)
    made = next(v for k, v in names.items() if k.startswith("Mx"))
    assert list(made().state_dict()) == [f"{graph.nodes[0].label}.{w}" for w in ("weight", "bias")] + [  # type: ignore[operator]
        "b.weight",
        "b.bias",
    ]


VARIANTS = """
block Attend(gated: bool) {
  input x: [N, D]
  input mask?: [N, D]
  h = if mask == none { x } else { x * mask }
  y = h -> proj: Linear(D)
  if gated { y -> gate: Linear(D) } else { y }
}

block Outer(gated: bool, cross_width: int = 0, cross_groups: int = 0) {
  input x: [N, D]
  h = x -> self_attn: Attend(gated)
  if cross_width == 0 { h } else { h -> Linear(cross_width * cross_groups) -> Linear(cross_width) }
}

model M {
  input x: float[N, 8]
  h = x -> Outer(false) -> Outer(true) -> Outer(false, 16, 4)
  output y = (h, h) -> Attend(false)
}
"""


def test_a_variant_is_called_after_what_it_has_more() -> None:
    """A layer, an input, what its arguments have in common, or what the block that it calls has more."""
    names = [n.name for n in ast.parse(source(graph_of(VARIANTS))).body if isinstance(n, ast.ClassDef)]
    assert sorted(names) == ["Attend", "AttendGate", "AttendMask", "M", "Outer", "OuterCross", "OuterGate"]


@pytest.mark.parametrize(
    "statement",
    [
        "padding = torch.arange(source.shape[1], device=source.device) >= lengths_of_all[:, None]",
        "y = torch.exp((-math.log(10000) / (dim // 2 - 1)) * torch.arange(dim // 2, dtype=torch.float32))",
        "y = torch.exp(scale=(-math.log(10000) / (dim // 2 - 1)) * torch.arange(dim // 2), dtype=torch.float32)",
        "y = self.attention(self.norm1(x) + self.norm2(x) * self.scale_of_this, mask=self.mask_of_this + x)",
    ],
)
def test_what_is_too_long_is_broken_as_the_formatter_breaks_it(statement: str) -> None:
    text = "\n".join(layout.statement(statement, 0)) + "\n"
    assert formatted(text) == text
