"""`nndsl weights`, and `--weights` of what builds: offline, by headers, in words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Nndsl

Write = Callable[[str, str | bytes], Path]
NET = """model Net(width: int = 4) {
  input x: float[N, 3]
  output y = x -> hidden: Linear(width) -> out: Linear(2)
}

weights from "turned" {
  "first.weight" -> Transpose(0, 1) -> "hidden.weight"
  "first.bias" -> "hidden.bias"
}
"""
SHAPES = {"hidden.weight": [4, 3], "hidden.bias": [4], "out.weight": [2, 4], "out.bias": [2]}
TURNED = {"first.weight": [3, 4], "first.bias": [4], "out.weight": [2, 4], "out.bias": [2]}


def file(shapes: dict[str, list[int]], dtype: str = "F32") -> bytes:
    """A safetensors file of zeros."""
    header, at = {}, 0
    for name, shape in shapes.items():
        size = {"F32": 4, "F16": 2, "C64": 8, "F8_E5M2": 1}[dtype]
        for n in shape:
            size *= n
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(at)


def test_a_models_weights_are_listed(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", NET)
    done = nndsl("weights", "net.nn", "--set", "width=5")
    assert (done.code, done.err) == (0, "4 tensors, 32 numbers\n")
    assert done.out == (
        "hidden.weight  float[5, 3]\nhidden.bias    float[5]\nout.weight     float[2, 5]\nout.bias       float[2]\n"
    )
    listed = json.loads(nndsl("weights", "net.nn", "--format", "json").out)
    assert {each["name"]: each["shape"] for each in listed} == SHAPES


def test_a_files_weights_are_listed(nndsl: Nndsl, write: Write) -> None:
    write("x.safetensors", file({"a": [2]}, "F16"))
    done = nndsl("weights", "x.safetensors")
    assert (done.code, done.out, done.err) == (0, "a  float16[2]\n", "1 tensors, 2 numbers\n")


def test_names_of_files_do_nothing_to_a_terminal(nndsl: Nndsl, write: Write) -> None:
    write("x.safetensors", file({"\x1b[31m\ud800": [2]}))
    done = nndsl("weights", "x.safetensors")
    assert done.code == 0 and "\x1b" not in done.out


@pytest.mark.parametrize(("dtype", "shape"), [("C64", [2, 2]), ("F8_E5M2", [2, 2]), ("F32", [0, 2])])
def test_tensors_that_go_through_no_layer(nndsl: Nndsl, write: Write, dtype: str, shape: list[int]) -> None:
    write("net.nn", NET)
    write("x.safetensors", file({"first.weight": shape}, dtype))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors", "--mapping", "turned")
    assert done.code == 1
    assert "error[bad-mapping]" in done.err and "goes through no layer" in done.err


def test_a_file_that_fits(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", NET)
    write("x.safetensors", file(SHAPES))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert (done.code, done.out, done.err) == (0, "x.safetensors fits Net: 4 tensors\n", "")
    write("x.safetensors", file(TURNED, "F16"))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert done.out == (
        'x.safetensors fits Net, by the mapping "turned": 4 tensors\n4 are converted: float16 becomes float\n'
    )
    record = json.loads(nndsl("weights", "net.nn", "--check", "x.safetensors", "--format", "json").out)
    assert (record["fits"], record["mapping"], record["fitting"], record["diagnostics"]) == (True, "turned", 4, [])


LEFT = """model Net {
  input x: float[N, 3]
  output y = x -> layers: [Linear(3)] * 2
}

weights from "other" {
  "mask.{i}" -> none
  "head" -> "layers.0" -> none
}
"""


def test_what_a_mapping_leaves_out_is_told(nndsl: Nndsl, write: Write) -> None:
    """Whatever it is a copy of; where that cannot be, the file does not fit."""
    write("net.nn", LEFT)
    shapes = {f"layers.{i}.{part}": size for i in range(2) for part, size in (("weight", [3, 3]), ("bias", [3]))}
    shapes |= {"mask.0": [2, 2], "mask.1": [2, 2]}
    write("x.safetensors", file({**shapes, "head.weight": [3, 3]}))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        'x.safetensors fits Net, by the mapping "other": 4 tensors',
        "left out by the mapping: mask.{0..1} (2): float32[2, 2]",
        "left out by the mapping: head.weight: float32[3, 3], a copy of layers.0.weight",
    ]
    record = json.loads(nndsl("weights", "net.nn", "--check", "x.safetensors", "--format", "json").out)
    mask = {"shape": [2, 2], "dtype": "float32", "copy_of": None, "differs": False}
    head = {"shape": [3, 3], "dtype": "float32", "copy_of": "layers.0.weight", "differs": False}
    assert record["left_out"] == [
        {"name": "mask.0", **mask},
        {"name": "mask.1", **mask},
        {"name": "head.weight", **head},
    ]
    write("x.safetensors", file({**shapes, "head.weight": [4, 3], "head.scale": [3]}))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert done.code == 1 and 'do not fit Net, by the mapping "other": 2 unlike its copy' in done.err
    told = " ".join(done.err.split())
    assert "head.weight is float32[4, 3], and not float32[3, 3], as is layers.0.weight" in told
    assert "head.scale is left out as a copy of layers.0.scale, which is not given" in told
    assert "left out by the mapping: mask.{0..1} (2): float32[2, 2]" in told
    record = json.loads(nndsl("weights", "net.nn", "--check", "x.safetensors", "--format", "json").out)
    assert [(each["name"], each["differs"]) for each in record["left_out"]][2:] == [
        ("head.weight", True),
        ("head.scale", True),
    ]


def test_a_file_is_a_place_without_lines(nndsl: Nndsl, write: Write) -> None:
    write("x.safetensors", b"1234567")
    done = nndsl("weights", "x.safetensors")
    assert done.err.startswith("error[weights-file]: x.safetensors: it ends after 7 bytes")
    assert done.err.splitlines()[1:] == ["   ╭─ x.safetensors", "", "1 error"]


def test_shards_are_checked_by_their_index(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", NET)
    write("1.safetensors", file(dict(list(TURNED.items())[:2])))
    write("2.safetensors", file(dict(list(TURNED.items())[2:])))
    where = {name: f"{1 + (at > 1)}.safetensors" for at, name in enumerate(TURNED)}
    write("net.safetensors.index.json", json.dumps({"weight_map": where}))
    done = nndsl("weights", "net.nn", "--check", "net.safetensors.index.json")
    assert done.out == 'net.safetensors.index.json fits Net, by the mapping "turned": 4 tensors\n', done.err
    assert nndsl("weights", ".").out.splitlines()[1] == "first.bias    float32[4]"
    write("net.safetensors.index.json", json.dumps({"weight_map": where | {"out.bias": "3.safetensors"}}))
    done = nndsl("weights", "net.nn", "--check", "net.safetensors.index.json")
    assert done.code == 1 and "1 of its 3 shards are not beside it: 3.safetensors" in done.err


def test_a_file_that_does_not_fit(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", NET)
    write("x.safetensors", file({"module." + name: shape for name, shape in SHAPES.items()}))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert (done.code, done.out) == (1, "")
    assert "the weights in x.safetensors do not fit Net: 4 missing, 4 not in the model" in done.err
    assert '`weights from "other" { "module.*" -> "*" }`' in done.err
    done = nndsl("weights", "net.nn", "--check", "x.safetensors", "--format", "json")
    record = json.loads(done.out)
    assert (done.code, done.err, record["fits"]) == (1, "", False)
    assert record["missing"][0] == {"name": "hidden.weight", "shape": [4, 3], "dtype": "float"}
    assert record["unexpected"][0] == {"name": "module.hidden.weight", "shape": [4, 3], "dtype": "float32"}
    assert record["diagnostics"][0]["code"] == "weights-mismatch"


def test_a_prefix_of_the_model_is_seen(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", "block B = [Linear(2)]\nmodel Net {\n  input x: float[N, 3]\n  output y = x -> net: B\n}\n")
    write("x.safetensors", file({"0.weight": [2, 3], "0.bias": [2]}))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert done.code == 1
    assert '`weights from "other" { "*" -> "net.*" }`' in done.err


def test_a_mapping_that_cannot_be_used_says_why(nndsl: Nndsl, write: Write) -> None:
    """The file fits no better without it."""
    write("net.nn", NET.replace("Transpose(0, 1)", "Linear(3)"))
    write("x.safetensors", file({**TURNED, "first.weight": [4, 3]}))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert done.code == 1
    assert "layers between names have no weights" in done.err


def test_a_rule_that_the_shapes_do_not_go_through(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", NET.replace("Transpose(0, 1)", "Transpose(0, 2)"))
    write("x.safetensors", file(TURNED))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors", "--mapping", "turned")
    assert done.code == 1
    assert "net.nn:7:" in done.err and "float32[3, 4]" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check", "nowhere.safetensors"], "nowhere.safetensors: No such file or directory"),
        (["--check", "net.nn"], "weights are read from .safetensors files"),
        (["--check", "."], "the folder has several files of weights: cut.safetensors, x.safetensors"),
        (["--mapping", "turned"], "it says how the names of --check are read"),
        (["--check", "x.safetensors", "--mapping", "tuned"], 'no mapping "tuned" in the spec: did you mean turned?'),
        (["--check", "cut.safetensors"], "the file was cut off"),
    ],
)
def test_mistakes_are_told(nndsl: Nndsl, write: Write, arguments: list[str], said: str) -> None:
    write("net.nn", NET)
    write("x.safetensors", file(SHAPES))
    write("cut.safetensors", file(SHAPES)[:-1])
    done = nndsl("weights", "net.nn", *arguments)
    assert done.code in (1, 2)
    assert said in " ".join(done.err.split())
    assert "bug" not in done.err


@pytest.mark.parametrize("command", ["export", "build"])
def test_what_builds_takes_weights(nndsl: Nndsl, write: Write, tmp_path: Path, command: str) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    pytest.importorskip("safetensors")
    write("net.nn", NET)
    write("x.safetensors", file(TURNED))
    out = {"export": "net.onnx", "build": "made"}[command]
    done = nndsl(command, "net.nn", "--weights", "x.safetensors", "-o", out)
    assert done.code == 0, done.err
    assert "left out" not in done.err
    held = onnx.load(tmp_path / {"export": "net.onnx", "build": "made/model.onnx"}[command]).graph.initializer
    assert held and all(not onnx.numpy_helper.to_array(each).any() for each in held)
    write("y.safetensors", file({**TURNED, "out.bias": [3]}))
    for arguments, code, said in (
        (["--weights", "y.safetensors"], 1, "out.bias is float32[3], and the model has float[2]"),
        (["--weights", "nowhere.safetensors"], 2, "nowhere.safetensors: No such file"),
        (["--weights", "x.safetensors", "--mapping", "tuned"], 2, "did you mean turned?"),
        (["--mapping", "turned"], 2, "it says how the names of --weights are read"),
    ):
        done = nndsl(command, "net.nn", *arguments, "-o", "other.onnx" if command == "export" else "other")
        assert done.code == code
        assert said in " ".join(done.err.split())
        assert not list(tmp_path.glob("other*"))


@pytest.mark.parametrize("command", ["export", "build"])
def test_what_builds_tells_what_is_left_out(nndsl: Nndsl, write: Write, command: str) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("safetensors")
    write("net.nn", NET.replace('"first.bias" ->', '"mask" -> none\n  "first.bias" ->'))
    write("x.safetensors", file({**TURNED, "mask": [2]}))
    done = nndsl(
        command, "net.nn", "--weights", "x.safetensors", "-o", {"export": "net.onnx", "build": "made"}[command]
    )
    assert done.code == 0, done.err
    assert 'left out of x.safetensors by the mapping "turned": mask: float32[2]\n' in done.err


def test_weights_of_python_classes_are_not_known(nndsl: Nndsl, write: Write) -> None:
    """Their classes are not imported: what is below them is neither missing nor left over."""
    extern = 'extern block F(k: int) = "nowhere.layers:F" {\n  input x: [N, D]\n  output y: [N, D]\n}\n'
    write("net.nn", extern + "model Net {\n  input x: float[N, 3]\n  output y = x -> [f: F(1), out: Linear(2)]\n}\n")
    shapes = {"sequential_1.f.any": [7], "sequential_1.out.weight": [2, 3], "sequential_1.out.bias": [2]}
    write("x.safetensors", file(shapes))
    assert nndsl("weights", "net.nn", "--check", "x.safetensors").code == 0
    write("x.safetensors", file({**shapes, "sequential_1.g.any": [7]}))
    done = nndsl("weights", "net.nn", "--check", "x.safetensors")
    assert done.code == 1 and "not in the model: sequential_1.g.any" in done.err


def test_files_of_torch_need_torch(nndsl: Nndsl, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    write("net.nn", NET)
    write("x.pt", b"")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = nndsl("weights", "net.nn", "--check", "x.pt")
    assert (done.code, done.err) == (
        2,
        'nndsl: to read files of torch.save torch is needed: pip install "nndsl[torch]"\n',
    )


def test_checking_loads_nothing_heavy(write: Write, tmp_path: Path) -> None:
    write("net.nn", NET)
    write("x.safetensors", file(TURNED))
    code = "import sys\nfrom nndsl.cli import run\nassert run(['weights', 'net.nn', '--check', 'x.safetensors']) == 0\n"
    code += "print(sorted(set(sys.modules) & {'torch', 'numpy', 'onnx', 'safetensors'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"
