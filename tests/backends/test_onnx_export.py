"""The ONNX backend on graphs built by hand: the right names, the right numbers, whole files or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from nndsl.backends.onnx import Options, export, export_model
from nndsl.diagnostics import SpecError
from nndsl.files import CannotWrite
from nndsl.ir.graph import Graph
from nndsl.shapes import Facts, symbol
from tests.backends.graphs import Builder, Interpreter, random_weights


def conv_norm(channels: int = 8) -> Graph:
    b = Builder("ConvNorm", "block")
    x = b.input("x", "[N, 3, H, W]")
    y = b.add(f"conv: Conv2d({channels}, 3, padding=1, bias=false)", x)
    return b.output("y", b.add("ReLU", b.add("bn: BatchNorm2d", y)))


def twice() -> Graph:
    """Two calls of one block, in a sequence."""
    block = conv_norm()
    s = Builder("layers", "sequence")
    x = s.input("x", "[N, 3, H, W]")
    s.output("y", s.call("0", block, x))
    b = Builder()
    image = b.input("image", "[N, 3, H, W]")
    first = b.call("layer1", s.graph, image)
    second = b.call("layer2", s.graph, image)
    b.output("total", b.add("Add", first, second))
    return b.graph


def check(graph: Graph, path: Path, **options: Any) -> onnx.ModelProto:
    """Exported, verified against the interpreter, and read back."""
    weights = random_weights(graph)
    report = export_model(graph, weights, path, Interpreter(graph, weights), Options(**options))
    assert report.verified
    return onnx.load(str(path))


def names(model: onnx.ModelProto) -> list[str]:
    return [node.name for node in model.graph.node]


def code(graph: Graph, path: Path, weights: Any = None, **options: Any) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        export_model(graph, random_weights(graph) if weights is None else weights, path, None, Options(**options))
    assert len(caught.value.diagnostics) == 1
    return caught.value.diagnostics[0].code, caught.value.diagnostics[0].message


# --- names and structure --------------------------------------------------------------------------------------------


def test_nodes_bear_the_paths_of_their_layers(tmp_path: Path) -> None:
    model = check(twice(), tmp_path / "m.onnx")
    assert names(model)[:2] == ["layer1.0/conv", "layer1.0/relu_2"]
    assert [i.name for i in model.graph.input] == ["image"]
    assert [o.name for o in model.graph.output] == ["total"]


def test_weights_bear_the_keys_of_the_state_dict(tmp_path: Path) -> None:
    graph = twice()
    model = check(graph, tmp_path / "m.onnx", optimize=False)
    kept = {key for key in random_weights(graph) if not key.endswith("num_batches_tracked")}
    assert {i.name for i in model.graph.initializer} == kept


def test_nodes_say_where_they_come_from(tmp_path: Path) -> None:
    model = check(twice(), tmp_path / "m.onnx", optimize=False)
    about = {p.key: p.value for p in model.graph.node[0].metadata_props}
    assert about == {"nndsl.layer": "layer1.0.conv", "nndsl.blocks": "Made/ConvNorm", "nndsl.source": "made.nn:2"}


def test_dims_keep_their_names(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "[N, 3, H, 4]")
    b.output("y", b.add("MaxPool2d(2)", x))
    model = check(b.graph, tmp_path / "m.onnx")
    dims = [d.dim_param or d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert dims == ["N", 3, "H // 2", 2]


def test_a_normalisation_is_folded_only_when_asked(tmp_path: Path) -> None:
    kinds = [n.op_type for n in check(twice(), tmp_path / "m.onnx").graph.node]
    assert "BatchNormalization" not in kinds
    kinds = [n.op_type for n in check(twice(), tmp_path / "m.onnx", optimize=False).graph.node]
    assert kinds.count("BatchNormalization") == 2


def test_blocks_are_functions(tmp_path: Path) -> None:
    model = check(twice(), tmp_path / "m.onnx", functions=True)
    assert [f.name for f in model.functions] == ["ConvNorm"]
    assert names(model)[:2] == ["layer1.0", "layer2.0"]
    assert (
        list(model.functions[0].input) == ["x", "conv.weight", "conv.bias"] or "conv.weight" in model.functions[0].input
    )


def test_functions_call_functions(tmp_path: Path) -> None:
    inner = conv_norm()
    o = Builder("Outer", "block")
    o.output("y", o.call("inner", inner, o.input("x", "[N, 3, H, W]")))
    b = Builder()
    image = b.input("image", "[N, 3, H, W]")
    b.output("y", b.add("Add", b.call("a", o.graph, image), b.call("b", o.graph, image)))
    model = check(b.graph, tmp_path / "m.onnx", functions=True)
    assert [f.name for f in model.functions] == ["ConvNorm", "Outer"]
    assert "inner.conv.weight" in model.functions[1].input
    assert {"a.inner.conv.weight", "b.inner.conv.weight"} <= {i.name for i in model.graph.initializer}


def test_functions_have_names_of_their_own(tmp_path: Path) -> None:
    """The second A is not A_2, whichever comes first: blocks are called so."""
    import nndsl

    blocks = (
        "block A(k: int) {\n  input x: [N, D]\n  x -> B_2(k)\n}\n"
        "block B_2(k: int) {\n  input x: [N, D]\n  x -> Linear(k)\n}\n"
        "block A_2(k: int) {\n  input x: [N, D]\n  x -> B(k) -> B(k + 1)\n}\n"
        "block B(k: int) {\n  input x: [N, D]\n  x -> Linear(k) -> Tanh\n}\n"
    )
    for flow in ("A(2) -> A(3) -> A_2(4) -> A(5)", "A_2(2) -> A(3) -> A(4) -> A_2(5)"):
        model = nndsl.loads(f"{blocks}model M {{\n  input x: float[N, 2]\n  output y = x -> {flow}\n}}\n")
        assert model.export(tmp_path / "m.onnx", functions=True).verified
        found = [f.name for f in onnx.load(tmp_path / "m.onnx").functions]
        assert len(found) == len(set(found))
        assert {"A", "A_2", "A_3", "B", "B_2", "B_3"} <= set(found)


def test_a_function_that_cannot_know_a_size_is_inlined(tmp_path: Path) -> None:
    """The block repeats its input N times, and nothing that it is given has a dim N."""
    block = Builder("Repeat", "block")
    x = block.input("x", "[1, 3]")
    from nndsl.ops import lookup

    expand = lookup("Expand")
    assert expand is not None
    block.output("y", block.add(expand(symbol("N"), 3), x))
    b = Builder()
    data, row = b.input("data", "[N, 3]"), b.input("row", "[1, 3]")
    b.output("y", b.add("Add", data, b.call("repeat", block.graph, row)))
    model = check(b.graph, tmp_path / "m.onnx", functions=True)
    assert not model.functions


@pytest.mark.parametrize("opset", range(17, 25))
def test_all_opsets(opset: int, tmp_path: Path) -> None:
    model = check(twice(), tmp_path / "m.onnx", opset=opset)
    assert model.opset_import[0].version == opset


def test_an_output_may_be_an_input_or_another_output(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "[N, 3]")
    y = b.add("ReLU", x)
    b.output("a", x)
    b.output("b", y)
    b.output("c", y)
    model = check(b.graph, tmp_path / "m.onnx")
    assert [o.name for o in model.graph.output] == ["a", "b", "c"]


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("fc.weight", "[N, 3]")
    b.output("fc", b.add("ReLU", b.add("fc: Linear(3)", x), name="fc"))
    model = check(b.graph, tmp_path / "m.onnx")
    assert {i.name for i in model.graph.initializer} == {"fc.weight_2", "fc.bias"}


def test_linear_on_rows_is_one_gemm(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.add("fc: Linear(4)", b.input("x", "[N, 3]")))
    model = check(b.graph, tmp_path / "m.onnx")
    assert [n.op_type for n in model.graph.node] == ["Gemm"]
    assert [list(i.dims) for i in model.graph.initializer] == [[4, 3], [4]]


def test_shared_layers_have_one_weight(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "[N, 3]")
    y = b.add("fc: Linear(3)", b.add("fc: Linear(3)", x))
    b.output("y", y)
    model = check(b.graph, tmp_path / "m.onnx")
    assert sorted(i.name for i in model.graph.initializer) == ["fc.bias", "fc.weight"]


@pytest.mark.parametrize("functions", [False, True])
def test_borrowed_layers(functions: bool, tmp_path: Path) -> None:
    """Two blocks, one inside the other, use a layer that the model owns."""
    inner = Builder("Inner", "block")
    inner.graph.borrows.append("e")
    inner.output("y", inner.add("e: Linear(3)", inner.input("x", "[N, 3]"), borrowed=True))
    outer = Builder("Outer", "block")
    outer.graph.borrows.append("shared")
    x = outer.input("x", "[N, 3]")
    outer.output("y", outer.call("inner", inner.graph, x, lends={"e": "shared"}))
    b = Builder()
    h = b.add("mine: Linear(3)", b.input("x", "[N, 3]"))
    b.output("y", b.call("outer", outer.graph, h, lends={"shared": "mine"}))
    model = check(b.graph, tmp_path / "m.onnx", functions=functions)
    assert sorted(i.name for i in model.graph.initializer) == ["mine.bias", "mine.weight"]


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_shapes_that_can_be_said_are_not_computed(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", "[N, T, 12]")
    split = b.add('Rearrange("n t (h d) -> n h t d", h=3)', x)
    b.output("y", b.add('Rearrange("n h t d -> n t (h d)")', split))
    kinds = [n.op_type for n in check(b.graph, tmp_path / "m.onnx").graph.node]
    assert kinds == ["Reshape", "Transpose", "Transpose", "Reshape"] or len(kinds) <= 4


def test_sizes_are_solved_from_what_is_at_hand(tmp_path: Path) -> None:
    """The input has 2*K rows; K itself stands nowhere."""
    from nndsl.ops import lookup

    k = symbol("K")
    b = Builder()
    x = b.input("x", "[2 * K, 3]")
    row = b.input("row", "[1, 3]")
    expand = lookup("Expand")
    assert expand is not None
    b.output("y", b.add(expand(k, 3), row))
    b.output("same", b.add("ReLU", x))
    check(b.graph, tmp_path / "m.onnx")


def test_facts_about_sizes(tmp_path: Path) -> None:
    facts = Facts()
    h = symbol("H")
    assert facts.assume_equal(h % 4, 0)
    b = Builder(facts=facts)
    x = b.input("x", "[N, 1, 8, 8]")
    x.type = x.type.with_shape((symbol("N"), 1, facts.normalize(h), 8))
    y = b.add("MaxPool2d(2)", x)
    b.output("y", b.add("Flatten(2)", y))
    model = check(b.graph, tmp_path / "m.onnx")
    assert model.graph.input[0].type.tensor_type.shape.dim[2].dim_param == "H"


# --- files ----------------------------------------------------------------------------------------------------------


def test_external_data(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.add("fc: Linear(40)", b.input("x", "[N, 30]")))
    model = check(b.graph, tmp_path / "m.onnx", external=True)
    assert {file.name for file in tmp_path.iterdir()} == {"m.onnx", "m.onnx.data"}
    assert len(model.graph.initializer) == 2


def test_large_models_are_external_by_themselves(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.add("fc: Linear(40)", b.input("x", "[N, 30]")))
    weights = random_weights(b.graph)
    assert export_model(b.graph, weights, tmp_path / "a.onnx", None, Options(threshold=5000)).data is None
    report = export_model(b.graph, weights, tmp_path / "b.onnx", None, Options(threshold=4900))
    assert report.data == tmp_path / "b.onnx.data"


def test_precisions(tmp_path: Path) -> None:
    for dtype, number in (("float16", onnx.TensorProto.FLOAT16), ("float64", onnx.TensorProto.DOUBLE)):
        b = Builder()
        b.output("y", b.add("fc: Linear(40)", b.input("x", "[N, 30]")))
        weights = random_weights(b.graph)

        def reference(inputs: Any, b: Builder = b, weights: Any = weights, dtype: str = dtype) -> Any:
            x = inputs[0].astype("float64")
            return [(x @ weights["fc.weight"].T.astype("float64") + weights["fc.bias"]).astype(dtype)]

        options = Options(dtype=dtype)
        assert export_model(b.graph, weights, tmp_path / "m.onnx", reference, options).verified
        model = onnx.load(str(tmp_path / "m.onnx"))
        assert {i.data_type for i in model.graph.initializer} == {number}


def test_a_wrong_result_leaves_no_file(tmp_path: Path) -> None:
    graph = twice()
    weights = random_weights(graph)
    other = weights | {"layer2.0.bn.bias": weights["layer2.0.bn.bias"] + 0.1}
    path = tmp_path / "m.onnx"
    path.write_bytes(b"before")
    with pytest.raises(SpecError) as caught:
        export_model(graph, weights, path, Interpreter(graph, other))
    (found,) = caught.value.diagnostics
    assert found.code == "onnx-mismatch"
    assert "total" in found.message
    assert found.hints == ["the first layer that differs is layer2.0.bn"]
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["m.onnx"]


def test_a_head_of_zeros_hides_nothing(tmp_path: Path) -> None:
    """All outputs are 0 whatever the layers before compute; so those are compared themselves."""
    b = Builder()
    h = b.add("body: Linear(4)", b.input("x", "[N, 3]"))
    b.output("y", b.add("head: Linear(2)", b.add("ReLU", h)))
    weights = random_weights(b.graph) | {"head.weight": np.zeros((2, 4), "f4"), "head.bias": np.zeros(2, "f4")}
    path = tmp_path / "m.onnx"
    assert export_model(b.graph, weights, path, Interpreter(b.graph, weights)).verified
    other = weights | {"body.bias": weights["body.bias"] + 1}
    with pytest.raises(SpecError) as caught:
        export_model(b.graph, weights, path, Interpreter(b.graph, other))
    assert caught.value.diagnostics[0].hints == ["the first layer that differs is body"]


def test_what_onnxruntime_cannot_run_is_not_called_verified(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.add("fc: Linear(2)", b.input("x", "[N, 3]")))
    weights = random_weights(b.graph)
    options = Options(dtype="bfloat16")
    report = export_model(b.graph, weights, tmp_path / "m.onnx", Interpreter(b.graph, weights), options)
    assert not report.verified
    assert [note.code for note in report.notes] == ["onnx-unverified"]


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    graph = twice()
    weights = random_weights(graph)
    del weights["layer1.0.conv.weight"]
    message = "the weights do not fit Made: 1 missing"
    assert code(graph, tmp_path / "m.onnx", weights) == ("weights-mismatch", message)
    weights["layer1.0.conv.weight"] = np.zeros((1, 2), "float32")
    assert code(graph, tmp_path / "m.onnx", weights)[1] == "the weights do not fit Made: 1 of another shape"
    weights["fc.weight"] = np.zeros((1, 2), "float32")
    assert code(graph, tmp_path / "m.onnx", weights)[1].endswith("1 not in the model, 1 of another shape")
    assert not list(tmp_path.iterdir())


def test_opsets_that_do_not_exist(tmp_path: Path) -> None:
    assert code(twice(), tmp_path / "m.onnx", opset=16)[0] == "onnx-opset"
    assert code(twice(), tmp_path / "m.onnx", opset=25)[0] == "onnx-opset"
    assert code(twice(), tmp_path / "m.onnx", dtype="int8")[0] == "onnx-dtype"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    graph, folder = twice(), tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(CannotWrite, match=r"cannot write .*missing/m\.onnx: No such file or directory"):
        export(graph, random_weights(graph), tmp_path / "missing" / "m.onnx")
    with pytest.raises(CannotWrite, match=r"cannot write .*folder: it is a folder"):
        export(graph, random_weights(graph), folder)
    with pytest.raises(CannotWrite, match=r"cannot write /dev/null: it is no file"):
        export(graph, random_weights(graph), "/dev/null")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nndsl.backends.onnx import wire

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wire, "write_single", full)
    graph = twice()
    with pytest.raises(CannotWrite, match="No space left on device"):
        export(graph, random_weights(graph), tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_what_onnx_cannot_say(tmp_path: Path) -> None:
    from nndsl.ops import lookup

    extern = lookup("Extern")
    assert extern is not None
    b = Builder()
    x = b.input("x", "[N, 3]")
    op = extern.of({"target": "pkg.layers:Deform", "title": "Deform", "arguments": {}, "results": (x.type,)})
    b.output("y", b.add(op, x, label="deform"))
    kind, message = code(b.graph, tmp_path / "m.onnx")
    assert kind == "extern"
    assert "Deform" in message


def test_exports_are_reproducible(tmp_path: Path) -> None:
    graph = twice()
    export(graph, random_weights(graph), tmp_path / "a.onnx")
    export(graph, random_weights(graph), tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
