"""The page zoo.md and its pictures: every model of the zoo with its paper, its costs, and its length in lines."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import nndsl
from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import Spec, check_spec, open_spec, read, zoo
from nndsl.ir.cost import Costs
from nndsl.ir.graph import Graph
from nndsl.syntax import ast

FOLDER = Path(__file__).parent
PICTURES = Path("images") / "zoo"
LARGEST = 60_000  # bytes of a picture
FAMILIES = {
    "Dense": "mlp autoencoder vae gan word2vec",
    "Convolutional": "lenet alexnet vgg googlenet resnet densenet squeezenet shufflenet mobilenet efficientnet "
    "convnext unet",
    "Recurrent and temporal": "lstm_classifier recurrent seq2seq tcn",
    "Transformers": "transformer_encoder transformer bert gpt2 t5 llama mixture vit deit swin",
    "Multi-modal": "clip vilbert whisper",
    "Graphs": "gcn gat graph_transformer graph_classifier",
    "Reinforcement": "dqn policy",
    "Generative and self-supervised": "latent_diffusion contrastive siamese",
}
SIZES = {"N": 1, "B": 1, "H": 224, "W": 224, "T": 128, "S": 128, "R": 36, "K": 6, "E": 10556}
OWN_SIZES = {
    "gcn": {"N": 2708},
    "gat": {"N": 2708},
    "graph_transformer": {"N": 2708},
    "graph_classifier": {"N": 32, "E": 128, "G": 1},
    "word2vec": {"W": 10, "K": 5},
    "clip": {"T": 77},
    "unet:UNet": {"H": 572, "W": 572},
    "latent_diffusion": {"H": 512, "W": 512, "T": 77},
    "latent_diffusion:LatentDecoder": {"H": 64, "W": 64},
    "latent_diffusion:ConditionalUNet": {"H": 64, "W": 64},
}
DRAWN: dict[str, dict[str, object]] = {"ConditionalUNet": {"factors": [1, 2]}}
"""What makes a picture small enough where a loop is written out."""

PAPER = re.compile(r'"(?P<title>[^"]+)"(?:\s*\(|,\s*)(?P<by>[^()";]*?\d{4})(?:,\s*(?P<link>https?://[^\s);]+))?[);,]')
AUTHORS = re.compile(r"\((?P<by>[A-Z][^()]*\d{4})\)")


@cache
def references() -> dict[str, dict[str, object]]:
    """FILE -> what its models are compared with, and its lines; tests hold the numbers against the libraries."""
    found: dict[str, dict[str, object]] = json.loads((FOLDER / "zoo.json").read_text("utf-8"))
    return found


@cache
def spec(file: str) -> Spec:
    return open_spec(read(zoo() / f"{file}.nn"), Diagnostics())


def definitions(file: str) -> list[ast.Definition]:
    """The complete models of a file."""
    return spec(file).complete()


@cache
def graphs(file: str) -> dict[str, Graph]:
    return {graph.name: graph for graph in check_spec(spec(file))}


def files() -> list[str]:
    listed = [file for names in FAMILIES.values() for file in names.split()]
    shipped = sorted(path.stem for path in zoo().glob("*.nn"))
    assert sorted(listed) == shipped, "FAMILIES names each file of the zoo once"
    return listed


def page(notice: str) -> str:
    files()
    lines = [
        "# Zoo",
        "",
        f"{notice} Models that have a reference, a library's or one written by",
        "hand in PyTorch, equal it: in parameters, answers and gradients, and, exported, in onnxruntime. Import one",
        'by `from "zoo/FILE.nn" import NAME`; [library and zoo](library.md) lists the hyperparameters.',
        "",
        "Lines are those of the whole file, and of the classes of its reference that the models consist of, without",
        "blank lines, comments and docstrings, nor mappings of checkpoints. MACs are multiply-accumulates of one run",
        "at the sizes beside them.",
        "",
    ]
    for family, names in FAMILIES.items():
        lines += [f"## {family}", "", "| model | paper | parameters | MACs | at | lines | reference | |"]
        lines += ["| --- | --- | ---: | ---: | --- | ---: | --- | --- |"]
        for file in names.split():
            lines += [_row(file, item, first=item is definitions(file)[0]) for item in definitions(file)]
        lines += [""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(file: str, item: ast.Definition, first: bool) -> str:
    name = item.name.id
    graph, parameters, macs, sizes = _counted(file, name)
    drawn = f'<a href="{PICTURES}/{name}.svg"><img src="{PICTURES}/{name}.svg" height="120" alt="{name}"></a>'
    cells = [
        f"`zoo/{file}.nn:{name}`",
        _paper(file, graph),
        f"{parameters:,}",
        f"{macs:,}",
        ", ".join(f"{dim} = {size:,}" for dim, size in sizes.items()),
        str(lines_of_spec(file)) if first else "",
        _reference(file) if first else "",
        drawn if _is_drawn(file, item) else "",
    ]
    return f"| {' | '.join(cells)} |"


def _counted(file: str, name: str) -> tuple[Graph, int, int, dict[str, int]]:
    graph = graphs(file)[name]
    known = {**SIZES, **OWN_SIZES.get(file, {}), **OWN_SIZES.get(f"{file}:{name}", {})}
    sizes = {dim: known[dim] for dim in graph.dims if not dim.startswith("_")}
    cost = Costs(graph).of(graph)
    assert graph.facts is not None
    macs = graph.facts.spelled(cost.macs)
    at_sizes = macs if isinstance(macs, int) else macs.substitute(sizes)
    assert isinstance(cost.parameters, int), f"{file}:{name}: how many parameters depends on {list(sizes)}"
    assert isinstance(at_sizes, int), f"{file}:{name}: give sizes to {at_sizes}"
    return graph, cost.parameters, at_sizes, sizes


def _paper(file: str, graph: Graph) -> str:
    """As the comment of the model has it; else as the first comment of its file that names one."""
    text = (zoo() / f"{file}.nn").read_text("utf-8")
    comments = " ".join(line[1:].strip() for line in text.splitlines() if line.startswith("#"))
    doc = " ".join(graph.doc.split())
    for place in (doc if doc in comments else "", comments):  # of a model of this file
        if found := PAPER.search(place):
            title = f"[{found['title']}]({found['link']})" if found["link"] else found["title"]
            return f"{title} ({found['by']})"
    found = AUTHORS.search(comments)
    return found["by"] if found else "–"


def _reference(file: str) -> str:
    found = references().get(file)
    return f"{found['lines']:,} in {found['name']}" if found else "–"


def lines_of_spec(file: str) -> int:
    """Without comments and blank lines, and without the names that checkpoints of others have."""
    mapped = [item.span for item in spec(file).file.items if isinstance(item, ast.Weights)]
    text = spec(file).file.source.text
    for span in reversed(mapped):
        text = text[: span.start] + text[span.end :]
    lines = text.splitlines()
    return sum(1 for line in lines if line.strip() and not line.lstrip().startswith("#"))


# ---------------------------------------------------------------- pictures


def _target(item: ast.Definition) -> str:
    """The model that this one is, with other hyperparameters."""
    return item.name.id if item.flow is None else item.flow.span.text.partition("(")[0]


def _is_drawn(file: str, item: ast.Definition) -> bool:
    """The first of each shape."""
    same = [each for each in definitions(file) if _target(each) == _target(item)]
    return same[0] is item


def pictures() -> dict[str, str]:
    """PATH -> SVG: as deep as is small."""
    found = {}
    for file in files():
        for item in definitions(file):
            if _is_drawn(file, item):
                found[f"{PICTURES}/{item.name.id}.svg"] = _picture(file, item)
    return found


def _picture(file: str, item: ast.Definition) -> str:
    model = nndsl.load(f"{zoo() / file}.nn:{item.name.id}", **DRAWN.get(item.name.id, {}))
    drawn = (model.draw(depth=depth) for depth in (1, 0))
    small = next((svg for svg in drawn if len(svg.encode()) < LARGEST), None)
    assert small is not None, f"{file}: {item.name.id} is too large a picture"
    return small
