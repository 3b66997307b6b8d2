"""Files of weights become modules: layouts of other libraries through mappings, and what does not fit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import nndsl

torch = pytest.importorskip("torch")
save_file = pytest.importorskip("safetensors.torch").save_file
pytest.importorskip("tests.parity.zoo.declared")  # what torchvision needs before it is imported

BERT = """
block Layer(heads: int, hidden: int) {
  input x: [B, T, D]
  h = x + (x -> attn: MultiheadAttention(heads)) -> norm1: LayerNorm(eps=1e-12)
  h + (h -> up: Linear(hidden) -> GELU -> down: Linear(D)) -> norm2: LayerNorm(eps=1e-12)
}

model Bert {
  input tokens: int[B, T]
  param types: float[2, 16] = zeros
  words = tokens -> words: Embedding(30, 16)
  places = Arange(T) -> places: Embedding(12, 16)
  h = words + places + types[0] -> norm: LayerNorm(eps=1e-12) -> layers: [Layer(4, 24)] * 3
  output states = h
  output pooled = h[:, 0] -> pooler: Linear(16) -> Tanh
}

weights from "hf/bert" {
  "embeddings.word_embeddings" -> "words"
  "embeddings.position_embeddings" -> "places"
  "embeddings.token_type_embeddings.weight" -> "types"
  "embeddings.LayerNorm" -> "norm"
  (
    "encoder.layer.{i}.attention.self.query.{part}",
    "encoder.layer.{i}.attention.self.key.{part}",
    "encoder.layer.{i}.attention.self.value.{part}",
  ) -> Concat(dim=0) -> "layers.{i}.attn.in_proj_{part}"
  "encoder.layer.{i}.attention.output.dense" -> "layers.{i}.attn.out_proj"
  "encoder.layer.{i}.attention.output.LayerNorm" -> "layers.{i}.norm1"
  "encoder.layer.{i}.intermediate.dense" -> "layers.{i}.up"
  "encoder.layer.{i}.output.dense" -> "layers.{i}.down"
  "encoder.layer.{i}.output.LayerNorm" -> "layers.{i}.norm2"
  "pooler.dense" -> "pooler"
}
"""
GPT2 = """
block Layer(heads: int) {
  input x: [B, T, D]
  split = Rearrange("b t (h d) -> b h t d", h=heads)
  q, k, v = x -> ln1: LayerNorm -> (q: Linear(D) -> split, k: Linear(D) -> split, v: Linear(D) -> split)
  a = (q, k, v)
    -> ScaledDotProductAttention(causal=true) -> Rearrange("b h t d -> b t (h d)") -> out: Linear(D)
  h = x + a
  h + (h -> ln2: LayerNorm -> up: Linear(4 * D) -> GELU(approximate="tanh") -> down: Linear(D))
}

model GPT2 {
  input tokens: int[B, T]
  h = (tokens -> words: Embedding(30, 16)) + (Arange(T) -> places: Embedding(12, 16))
  output states = h -> layers: [Layer(4)] * 2 -> norm: LayerNorm
}

weights from "hf/gpt2" {
  "wte" -> "words"
  "wpe" -> "places"
  "h.{i}.ln_{n}" -> "layers.{i}.ln{n}"
  "h.{i}.attn.c_attn.weight"
    -> Transpose(0, 1)
    -> Chunk(3, dim=0)
    -> ("layers.{i}.q.weight", "layers.{i}.k.weight", "layers.{i}.v.weight")
  "h.{i}.attn.c_attn.bias" -> Chunk(3) -> ("layers.{i}.q.bias", "layers.{i}.k.bias", "layers.{i}.v.bias")
  "h.{i}.attn.c_proj.weight" -> Transpose(0, 1) -> "layers.{i}.out.weight"
  "h.{i}.attn.c_proj" -> "layers.{i}.out"
  "h.{i}.mlp.c_fc.weight" -> Transpose(0, 1) -> "layers.{i}.up.weight"
  "h.{i}.mlp.c_fc" -> "layers.{i}.up"
  "h.{i}.mlp.c_proj.weight" -> Transpose(0, 1) -> "layers.{i}.down.weight"
  "h.{i}.mlp.c_proj" -> "layers.{i}.down"
  "ln_f" -> "norm"
}
"""
SPLIT = """
model Attention {
  input x: float[B, T, 8]
  heads = Rearrange("b t (h d) -> b h t d", h=2)
  q, k, v = x -> (q: Linear(8) -> heads, k: Linear(8) -> heads, v: Linear(8) -> heads)
  output y = (q, k, v) -> ScaledDotProductAttention -> Rearrange("b h t d -> b t (h d)") -> out: Linear(8)
}

weights from "torch" {
  "in_proj_{part}" -> Chunk(3) -> ("q.{part}", "k.{part}", "v.{part}")
  "out_proj" -> "out"
}
"""
NET = """
model Net {
  input x: float[N, 8]
  buffer scale: float[8] = Arange(8, dtype=float)
  output y = x * scale -> hidden: Linear(16) -> norm: BatchNorm1d -> ReLU -> out: Linear(2)
}

weights from "torch" { "first.*" -> "hidden.*" }
"""


def shaken(module: Any) -> Any:
    """Random numbers everywhere: a norm that was not loaded would pass for one that was."""
    torch.manual_seed(1)
    with torch.no_grad():
        for tensor in module.parameters():
            tensor.copy_(torch.randn_like(tensor) * 0.3)
        for name, tensor in module.named_buffers():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
    return module.eval()


def alike(ours: Any, theirs: Any) -> None:
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_bert_of_transformers_with_its_projections_joined(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=3, num_attention_heads=4,
                                     intermediate_size=24, max_position_embeddings=12)  # fmt: skip
    theirs = shaken(transformers.BertModel(config))
    theirs.save_pretrained(tmp_path)
    ours = nndsl.loads(BERT).module(weights=tmp_path / "model.safetensors").eval()
    tokens = torch.randint(0, 30, (2, 7))
    expected = theirs(tokens)
    states, pooled = ours(tokens)
    alike(states, expected.last_hidden_state)
    alike(pooled, expected.pooler_output)


def test_gpt2_of_transformers_with_its_matrices_turned_and_cut(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(vocab_size=30, n_embd=16, n_layer=2, n_head=4, n_positions=12)
    theirs = shaken(transformers.GPT2Model(config))
    theirs.save_pretrained(tmp_path)
    ours = nndsl.loads(GPT2).module(weights=tmp_path / "model.safetensors").eval()
    tokens = torch.randint(0, 30, (2, 7))
    alike(ours(tokens), theirs(tokens).last_hidden_state)


@pytest.mark.parametrize("shards", ["2KB", "20KB"])
def test_shards_as_transformers_writes_them(tmp_path: Path, shards: str) -> None:
    """Projections that are joined lie in several files."""
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=3, num_attention_heads=4,
                                     intermediate_size=24, max_position_embeddings=12)  # fmt: skip
    theirs = shaken(transformers.BertModel(config))
    theirs.save_pretrained(tmp_path, max_shard_size=shards)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    tokens = torch.randint(0, 30, (2, 7))
    for path in (tmp_path, tmp_path / "model.safetensors.index.json"):
        ours = nndsl.loads(BERT).module(weights=path).eval()
        alike(ours(tokens)[0], theirs(tokens).last_hidden_state)


STACKED = """
model Net(experts: int) {
  input x: float[N, 8]
  param gates: float[experts, 8, 4] = zeros
  output y = (x, gates) -> Einsum("n d, e d k -> n e k") -> layers: [Linear(4)] * 2
}

weights from "other" {
  ("experts.{e}.a.w", "experts.{e}.b.w")
    -> Stack(dim=0) -> Rearrange("(two e) h d -> e d (two h)", two=2) -> "gates"
  "stacked.{part}" -> Unbind(0) -> "layers.{i}.{part}"
}
"""


def experts(count: int) -> dict[str, Any]:
    state = {f"experts.{e}.{part}.w": torch.rand(2, 8) for e in range(count) for part in "ab"}
    return {**state, "stacked.weight": torch.rand(2, 4, 4), "stacked.bias": torch.rand(2, 4)}


@pytest.mark.parametrize("count", [1, 3, 11])
def test_numbers_on_one_side_stack_and_unstack(tmp_path: Path, count: int) -> None:
    """Eleven: they are ordered as numbers, not as texts."""
    state = experts(count)
    save_file(state, tmp_path / "x.safetensors")
    module = nndsl.loads(STACKED, experts=count).module(weights=tmp_path / "x.safetensors")
    for e in range(count):
        expected = torch.cat([state[f"experts.{e}.{part}.w"] for part in "ab"])
        assert torch.equal(module.gates[e], expected.T)
    for i in range(2):
        layer = module.layers[i]
        assert torch.equal(layer.weight, state["stacked.weight"][i])
        assert torch.equal(layer.bias, state["stacked.bias"][i])


@pytest.mark.parametrize("far", [2, 10**17])
def test_a_number_that_is_lacking_is_told(tmp_path: Path, far: int) -> None:
    """However far the others are from each other."""
    state = experts(3)
    state[f"experts.{far}.b.w"] = state.pop("experts.2.b.w")
    del state["experts.1.b.w"]
    save_file(state, tmp_path / "x.safetensors")
    with pytest.raises(nndsl.SpecError) as problem:
        nndsl.loads(STACKED, experts=3).module(weights=tmp_path / "x.safetensors", mapping="other")
    lacking = "experts.1.b.w" if far == 2 else "experts.3.a.w"
    message = f"{lacking} is not in the file, and experts.0.a.w is joined with it"
    assert message in [found.message for found in problem.value.diagnostics]


INNER = """
model Inner(width: int = 8) {
  input x: float[N, 8]
  output y = x -> first: Linear(width) -> second: Linear(width)
}

weights from "other" { "theirs.{i}.weight" -> Transpose(0, 1) -> "first.weight"  "theirs.{i}.bias" -> "first.bias" }
"""


def test_mappings_of_an_imported_file_go_for_its_models_wherever_they_are(tmp_path: Path) -> None:
    (tmp_path / "inner.nn").write_text(INNER.replace('  "theirs.{i}.b', '\n  "theirs.{i}.b'))
    head = 'from "inner.nn" import Inner\nmodel '
    (tmp_path / "alias.nn").write_text(head + "Mine = Inner(width=5)\n")
    (tmp_path / "part.nn").write_text(head + "Mine {\n  input x: float[N, 8]\n  output y = x -> deep: [a: Inner(5), "
                                      "b: Linear(3)]\n}\n")  # fmt: skip
    inner = {"theirs.0.weight": torch.rand(8, 5), "theirs.0.bias": torch.rand(5), "second.weight": torch.rand(5, 5),
             "second.bias": torch.rand(5)}  # fmt: skip
    own = {"deep.b.weight": torch.rand(3, 5), "deep.b.bias": torch.rand(3)}
    save_file(inner, tmp_path / "inner.safetensors")
    save_file({**inner, **own}, tmp_path / "part.safetensors")
    alias = nndsl.load(tmp_path / "alias.nn").module(weights=tmp_path / "inner.safetensors")
    assert torch.equal(alias.first.weight, inner["theirs.0.weight"].T)
    part = nndsl.load(tmp_path / "part.nn").module(weights=tmp_path / "part.safetensors", mapping="other")
    assert torch.equal(part.deep.a.first.weight, inner["theirs.0.weight"].T)
    assert torch.equal(part.deep.a.second.bias, inner["second.bias"])
    assert torch.equal(part.deep.b.weight, own["deep.b.weight"])


SIZED = """
model Sized(width: int = 8, act: layer = ReLU) {
  input x: float[N, 8]
  output y = x -> first: Linear(width) -> act
}

weights from "other" {
  "flat" -> Reshape(width, 8) -> "first.weight"
  "tied" -> "first.bias" -> none
}
"""


def test_layers_of_mappings_know_the_hyperparameters_of_their_model(tmp_path: Path) -> None:
    """Of the one that is a layer, where the mapping goes for that."""
    weights = {"flat": torch.rand(40), "first.bias": torch.rand(5)}
    own = nndsl.loads(SIZED, width=5).module(weights=weights)
    assert torch.equal(own.first.weight, weights["flat"].view(5, 8))
    (tmp_path / "sized.nn").write_text(SIZED)
    head = 'from "sized.nn" import Sized\nmodel Net(width: int = 3) {\n  input x: float[N, 8]\n'
    (tmp_path / "net.nn").write_text(head + "  output y = x -> deep: [Sized(5), Linear(width)]\n}\n")
    more = {"deep.1.weight": torch.rand(3, 5), "deep.1.bias": torch.rand(3)}
    model = nndsl.load(tmp_path / "net.nn")
    net = model.module(weights={**weights, **more, "tied": weights["first.bias"]})
    assert torch.equal(net.deep[0].first.weight, weights["flat"].view(5, 8))
    with pytest.raises(nndsl.SpecError, match=r"tied has other numbers than deep\.0\.first\.bias"):
        model.module(weights={**weights, **more, "tied": torch.ones(5)})


def test_mistakes_in_mappings_of_imported_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "inner.nn").write_text(INNER.replace('"first.weight"  ', '"{}"\n  '))
    (tmp_path / "alias.nn").write_text('from "inner.nn" import Inner\nmodel Mine = Inner(width=5)\n')
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(nndsl.SpecError) as problem:
        nndsl.load(tmp_path / "alias.nn").module(weights=tmp_path / "x.safetensors")
    (found,) = problem.value.diagnostics
    assert (found.code, found.span.text) == ("bad-mapping", '"{}"')


def test_mistakes_outside_of_the_project_are_told_without_its_text(tmp_path: Path) -> None:
    (tmp_path / "project" / ".git").mkdir(parents=True)
    (tmp_path / "inner.nn").write_text(INNER.replace('"first.weight"  ', '"{}"\n  '))
    own = tmp_path / "project" / "alias.nn"
    own.write_text('from "../inner.nn" import Inner\nmodel Mine = Inner(width=5)\n')
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(nndsl.SpecError) as problem:
        nndsl.load(own).module(weights=tmp_path / "x.safetensors")
    (found,) = problem.value.diagnostics
    assert "its mappings have mistakes" in found.message
    assert "theirs" not in str(problem.value)


def test_resnet_of_torchvision_by_its_names(tmp_path: Path) -> None:
    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(0)
    theirs = torchvision.models.resnet18(num_classes=10).eval()
    torch.save(theirs.state_dict(), tmp_path / "resnet18.pth")
    save_file(theirs.state_dict(), tmp_path / "resnet18.safetensors")
    image = torch.rand(1, 3, 64, 64)
    for name in ("resnet18.pth", "resnet18.safetensors"):
        ours = nndsl.load("zoo/resnet.nn:ResNet18", classes=10).module(weights=tmp_path / name).eval()
        alike(ours(image), theirs(image))


def test_attention_of_pytorch_with_its_projections_cut(tmp_path: Path) -> None:
    theirs = shaken(torch.nn.MultiheadAttention(8, 2, batch_first=True))
    save_file(theirs.state_dict(), tmp_path / "x.safetensors")
    ours = nndsl.loads(SPLIT).module(weights=tmp_path / "x.safetensors")
    x = torch.rand(3, 5, 8)
    alike(ours(x), theirs(x, x, x)[0])


# ---------------------------------------------------------------- what a module has of a file


def saved(folder: Path, change: Any = None) -> tuple[Path, dict[str, Any]]:
    """A file for Net, perhaps with changes."""
    torch.manual_seed(3)
    state = shaken(nndsl.loads(NET).module()).state_dict()
    if change is not None:
        change(state)
    save_file(state, folder / "net.safetensors")
    return folder / "net.safetensors", state


def test_the_numbers_are_the_modules_own(tmp_path: Path) -> None:
    """The file may change or go, and the module may be trained."""
    path, state = saved(tmp_path)
    module = nndsl.loads(NET).module(weights=path)
    path.write_bytes(bytes(path.stat().st_size))
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    module(torch.rand(4, 8)).sum().backward()
    assert all(p.grad is not None and p.requires_grad for p in module.parameters())


def test_precision_is_the_modules(tmp_path: Path) -> None:
    def halve(state: dict[str, Any]) -> None:
        state.update({name: x.to(torch.bfloat16) for name, x in state.items() if x.is_floating_point()})

    path, state = saved(tmp_path, halve)
    module = nndsl.loads(NET).module(weights=path)
    assert module.out.weight.dtype == torch.float32
    assert torch.equal(module.out.weight, state["out.weight"].float())


def test_nothing_is_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module of which all is loaded is made without memory, and draws no random numbers."""
    path, _ = saved(tmp_path)
    drawn: list[str] = []
    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", lambda self: drawn.append(self.weight.device.type))
    nndsl.loads(NET).module(weights=path)
    assert drawn == ["meta", "meta"]


def test_constants_and_counters_may_be_absent(tmp_path: Path) -> None:
    def drop(state: dict[str, Any]) -> None:
        del state["scale"], state["norm.num_batches_tracked"]

    path, state = saved(tmp_path, drop)
    module = nndsl.loads(NET).module(weights=path)
    assert torch.equal(module.scale, torch.arange(8.0))
    assert torch.equal(module.hidden.weight, state["hidden.weight"])


def test_what_does_not_fit_is_told_before_anything_is_made(tmp_path: Path) -> None:
    def spoil(state: dict[str, Any]) -> None:
        state["out.wieght"] = state.pop("out.weight")
        state["out.bias"] = torch.zeros(3)
        state["hidden.bias"] = torch.zeros(16, dtype=torch.int64)

    path, _ = saved(tmp_path, spoil)
    with pytest.raises(nndsl.SpecError) as problem:
        nndsl.loads(NET).module(weights=path)
    (found,) = problem.value.diagnostics
    assert found.code == "weights-mismatch"
    assert found.message.endswith("1 missing, 1 not in the model, 1 of another shape, 1 of another kind")
    assert found.hints == [
        "missing: out.weight: float[2, 16]",
        "not in the model: out.wieght: float32[2, 16]",
        "of another shape: out.bias is float32[3], and the model has float[2]",
        "of another kind: hidden.bias is int64[16], and the model has float[16]",
        "out.weight: did you mean the file's out.wieght?",
    ]
    with pytest.warns(UserWarning, match="1 missing, 1 not in the model"):
        module = nndsl.loads(NET).module(weights=path, strict=False)
    assert module.out.bias.shape == (2,) and module.hidden.bias.is_floating_point()


def test_a_mapping_is_chosen_or_named(tmp_path: Path) -> None:
    def rename(state: dict[str, Any]) -> None:
        state.update({f"first.{part}": state.pop(f"hidden.{part}") for part in ("weight", "bias")})

    path, state = saved(tmp_path, rename)
    for mapping in (None, "torch"):
        module = nndsl.loads(NET).module(weights=path, mapping=mapping)
        assert torch.equal(module.hidden.weight, state["first.weight"])
    with pytest.raises(ValueError, match='no mapping "tourch" in the spec: did you mean torch'):
        nndsl.loads(NET).module(weights=path, mapping="tourch")


def test_tensors_in_memory_go_through_mappings(tmp_path: Path) -> None:
    """Arrays, too; into modules and into files, through the mapping that fits or is named."""
    spec = NET.replace(
        '"first.*" -> "hidden.*"', '\n"first.w" -> Transpose(0, 1) -> "hidden.weight"\n"scale" -> none\n'
    )
    model = nndsl.loads(spec)
    state = shaken(model.module()).state_dict()
    theirs = {**state, "first.w": state["hidden.weight"].T.double().numpy(), "hidden.bias": torch.nn.Parameter(
        state["hidden.bias"])}  # fmt: skip
    del theirs["hidden.weight"]
    x = torch.rand(3, 8)
    for mapping in (None, "torch"):
        module = model.module(weights=theirs, mapping=mapping).eval()
        assert module.hidden.bias.is_leaf and module.hidden.weight.dtype == torch.float32
        alike(module(x), model.module(weights=state).eval()(x))
    module.hidden.bias.data.zero_()
    assert state["hidden.bias"].any()
    assert model.export(tmp_path / "net.onnx", weights=theirs, mapping="torch").verified
    with pytest.raises(ValueError, match='no mapping "tourch" in the spec: did you mean torch'):
        model.export(tmp_path / "net.onnx", weights=theirs, mapping="tourch")
    with pytest.raises(nndsl.SpecError) as problem:
        model.module(weights={**theirs, "last": torch.zeros(2)})
    (found,) = problem.value.diagnostics
    assert found.message == 'the weights do not fit Net, by the mapping "torch": 1 not in the model'
    assert found.hints == [
        "not in the model: last: float32[2]",
        "left out by the mapping: scale: float32[8]",
        "nothing else is wrong; what the model does not need is left out: "
        '`weights from "other" { "last" -> none }` in the spec',
    ]
    with pytest.raises(nndsl.SpecError, match=r"first\.w is sparse"):
        model.module(weights={**theirs, "first.w": torch.as_tensor(theirs["first.w"]).to_sparse()})


@pytest.mark.parametrize(
    ("rules", "code", "said"),
    [
        ('"first.weight" -> Transpose(0, 5) -> "hidden.weight"', "bad-value", ""),
        ('"first.weight" -> Linear(3) -> "hidden.weight"', "bad-mapping", "have no weights"),
        (
            '"first.weight" -> Chunk(2) -> "hidden.weight"',
            "bad-mapping",
            "gives 2 tensors, and the rule names one tensor",
        ),
        (
            '("first.{part}", "third.{part}") -> Concat -> "hidden.{part}"',
            "bad-mapping",
            "third.bias is not in the file, and first.bias is joined with it",
        ),
        ('"first" -> "hidden"\n  "out.bias" -> "hidden.bias"', "duplicate-weight", "hidden.bias is given twice"),
    ],
)
def test_a_mapping_that_does_not_go_with_the_file(tmp_path: Path, rules: str, code: str, said: str) -> None:
    def rename(state: dict[str, Any]) -> None:
        state.update({f"first.{part}": state.pop(f"hidden.{part}") for part in ("weight", "bias")})

    path, _ = saved(tmp_path, rename)
    spec = NET.replace('"first.*" -> "hidden.*"', f"\n  {rules}\n")
    with pytest.raises(nndsl.SpecError) as problem:
        nndsl.loads(spec).module(weights=path, mapping="torch")
    found = {each.code: each for each in problem.value.diagnostics}
    assert code in found
    assert said in found[code].message
    assert found[code].span.text in spec


def test_a_copy_that_is_left_out_is_a_copy(tmp_path: Path) -> None:
    """A head of its own is not taken for the table of words."""

    def double(state: dict[str, Any]) -> None:
        state["head"] = state["out.weight"].clone()

    def change(state: dict[str, Any]) -> None:
        state["head"] = state["out.weight"].double()
        state["head"][1, 3] += 1

    spec = NET.replace('"first.*" -> "hidden.*"', '"head" -> "out.weight" -> none')
    path, state = saved(tmp_path, double)
    assert torch.equal(nndsl.loads(spec).module(weights=path).out.weight, state["out.weight"])
    path, state = saved(tmp_path, change)
    with pytest.raises(nndsl.SpecError) as problem:
        nndsl.loads(spec).module(weights=path)
    (found,) = problem.value.diagnostics
    assert found.message.endswith('do not fit Net, by the mapping "torch": 1 unlike its copy')
    assert found.hints[0].endswith("head has other numbers than out.weight, of which the mapping takes it for a copy")
    with pytest.warns(UserWarning, match="head has other numbers"):
        module = nndsl.loads(spec).module(weights=path, strict=False)
    assert torch.equal(module.out.weight, state["out.weight"])


def test_rules_that_do_nothing_are_told(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    rules = '"hidden" -> "hidden"\n  "hidden.bias" -> "out.bias"\n  "{i}.bias" -> "norm.bias"\n'
    spec = NET.replace('"first.*" -> "hidden.*"', f"\n  {rules}")
    with pytest.warns(UserWarning) as told:
        nndsl.loads(spec).module(weights=path, mapping="torch")
    text = str(told[0].message)
    assert "what is called hidden.bias is taken by a rule above" in text
    assert "is called {i}.bias" in text and "a name of one letter, is a whole number" in text


def test_files_that_are_not_read(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "made"),)

    model = nndsl.loads(NET)
    (tmp_path / "net.pkl").write_bytes(b"")
    (tmp_path / "odd.pt").write_bytes(b"no such thing")
    torch.save({"a": 3}, tmp_path / "number.pt")
    torch.save([torch.zeros(3)], tmp_path / "list.pt")
    torch.save(model.module(), tmp_path / "module.pt")  # a pickle of code
    for name in ("net.pkl", "odd.pt", "number.pt", "list.pt", "module.pt"):
        with pytest.raises(nndsl.SpecError) as problem:
            model.module(weights=tmp_path / name)
        assert problem.value.diagnostics[0].code == "weights-file", name
    torch.save({"a": Evil()}, tmp_path / "evil.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "number.pt").read_bytes()[:200])
    (tmp_path / "empty.pt").write_bytes(b"")
    for name, reason in {
        "evil": "made by posix.mkdir",
        "module": "made by ",
        "cut": "cut off",
        "empty": "cut off",
    }.items():
        with pytest.raises(nndsl.SpecError) as problem:
            model.module(weights=tmp_path / f"{name}.pt")
        assert reason in str(problem.value) and "rerun" not in str(problem.value).lower()
    assert not (tmp_path / "made").exists() and not recwarn.list
    os.mkfifo(tmp_path / "pipe.pt")
    for name in ("pipe.pt", "nowhere.pt", "nowhere.safetensors"):
        with pytest.raises(OSError):
            model.module(weights=tmp_path / name)


def test_arguments_of_another_type(tmp_path: Path) -> None:
    path, state = saved(tmp_path)
    with pytest.raises(TypeError, match="and no list, or the name of a file"):
        nndsl.loads(NET).module(weights=list(state))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there are none"):
        nndsl.loads(NET).module(mapping="torch")
    with pytest.raises(ValueError, match="meta"):
        nndsl.loads(NET).module(weights=path, device="meta")


def test_an_export_has_the_files_weights(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path, state = saved(tmp_path)
    report = nndsl.loads(NET).export(tmp_path / "net.onnx", weights=path)
    assert report.verified
    held = {i.name: onnx.numpy_helper.to_array(i) for i in onnx.load(tmp_path / "net.onnx").graph.initializer}
    assert any((array == state["out.bias"].numpy()).all() for array in held.values() if array.shape == (2,))
