"""What is told where a file does not fit: the usual mistakes, and the line that mends each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Nndsl
from tests.cli.test_weights import file

Write = Callable[[str, str | bytes], Path]
Shapes = dict[str, list[int]]
NET = """model Net(dim: int = 4, depth: int = 2, tied: bool = false) {
  input x: int[N]
  layer words = Embedding(7, dim)
  h = x -> words -> layers: [Linear(dim)] * depth
  output y = if tied { h @ words.weight.T } else { h -> head: Linear(7, bias=false) }
}
"""


def net(dim: int = 4, depth: int = 2, head: bool = True) -> Shapes:
    layers = {f"layers.{i}.{part}": [dim, dim][: 1 + (part == "weight")]
              for i in range(depth) for part in ("weight", "bias")}  # fmt: skip
    return {"words.weight": [7, dim], **layers, **({"head.weight": [7, dim]} if head else {})}


def advice(nndsl: Nndsl, write: Write, shapes: Shapes, *arguments: str, name: str = "x.safetensors") -> str:
    write("net.nn", NET)
    write(name, file(shapes))
    done = nndsl("weights", "net.nn", *arguments, "--check", name)
    assert done.code == 1 and "error[weights-mismatch]" in done.err
    return done.err


def mended(nndsl: Nndsl, write: Write, said: str, *arguments: str, name: str = "x.safetensors") -> None:
    """The line that is given does what it promises."""
    rules = re.findall(r"`(weights from .*?})` in the spec", said)
    assert len(rules) == 1, said
    write("net.nn", NET + rules[0].replace('  "', '\n"') + "\n")
    done = nndsl("weights", "net.nn", *arguments, "--check", name)
    assert done.code == 0, done.err


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "a.b."])
def test_a_prefix_of_all_names(nndsl: Nndsl, write: Write, prefix: str) -> None:
    said = advice(nndsl, write, {prefix + name: shape for name, shape in net().items()})
    assert f"the file's names begin with '{prefix}'" in said
    mended(nndsl, write, said)


def test_another_size(nndsl: Nndsl, write: Write) -> None:
    said = advice(nndsl, write, net(dim=6))
    assert "where the model has 4, the weights have 6, in 6 tensors: is it `dim=6`?" in said
    assert nndsl("weights", "net.nn", "--set", "dim=6", "--check", "x.safetensors").code == 0


@pytest.mark.parametrize(("theirs", "said"), [(5, "layers.{2..4}.weight (3)"), (1, "layers.1.weight")])
def test_another_depth(nndsl: Nndsl, write: Write, theirs: int, said: str) -> None:
    found = advice(nndsl, write, net(depth=theirs))
    assert said in found
    assert f"the file has layers up to {theirs - 1}, and the model up to 1: is it `depth={theirs}`?" in found


def test_a_tied_weight_stored_twice(nndsl: Nndsl, write: Write) -> None:
    said = advice(nndsl, write, net(), "--set", "tied=true")
    assert '"head.weight" -> none' in said
    mended(nndsl, write, said, "--set", "tied=true")


def test_a_tied_weight_stored_once(nndsl: Nndsl, write: Write) -> None:
    said = advice(nndsl, write, net(head=False))
    assert "words.weight has its shape" in said
    mended(nndsl, write, said)


def test_matrices_that_are_turned(nndsl: Nndsl, write: Write) -> None:
    said = advice(nndsl, write, {**net(), "words.weight": [4, 7]})
    assert '"words.weight" -> Transpose(0, 1) -> "words.weight"' in said
    mended(nndsl, write, said)
    said = advice(nndsl, write, {**net(), "words.weight": [7, 4, 1, 1]})
    mended(nndsl, write, said)


def test_tables_that_the_model_computes(nndsl: Nndsl, write: Write) -> None:
    said = advice(nndsl, write, {**net(), "positions": [1, 9], "layers.0.mask": [3, 3]})
    mended(nndsl, write, said)


def test_one_shard_of_several(nndsl: Nndsl, write: Write) -> None:
    shapes = dict(list(net().items())[:2])
    said = advice(nndsl, write, shapes, name="model-00001-of-00002.safetensors")
    assert "give their folder, or the index beside it" in said


def test_names_with_endless_numbers(nndsl: Nndsl, write: Write) -> None:
    """Python refuses to read numbers of more than 4,300 digits."""
    odd = {f"layers.{'9' * 5000}{end}": [1] for end in ("", "8", "\u0663")}
    assert "not in the model" in advice(nndsl, write, {**net(), **odd})
