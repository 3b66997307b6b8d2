"""Diagrams: the CPU time of the whole process, and the size of the picture."""

from __future__ import annotations

import re
import struct
import sys
import tempfile
from pathlib import Path

from benchmarks import shown
from benchmarks.highlights import add
from benchmarks.measure import cpu, ms

TORCHVIEW = """\
import sys
sys.path.insert(0, sys.argv[1])
from benchmarks.models import inputs, load
from torchview import draw_graph
deep = {"depth": int(sys.argv[4])} if sys.argv[4] else {}
module = load(sys.argv[2]).module().eval()
drawn = draw_graph(module, input_data=list(inputs(sys.argv[2])), expand_nested=True, **deep)
drawn.visual_graph.render(outfile=sys.argv[3])
"""
KERAS = """\
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import keras
network = keras.applications.ResNet50(weights=None)
keras.utils.plot_model(network, sys.argv[3], show_shapes=True, expand_nested=True)
"""
SPECS = {
    "ResNet18": "zoo/resnet.nn:ResNet18",
    "ResNet50": "zoo/resnet.nn:ResNet50",
    "GoogLeNet": "zoo/googlenet.nn:GoogLeNet",
    "ViTB16": "zoo/vit.nn:ViTB16",
}
BY_DEFAULT = "torchview, three levels (its default)"
ABSENT = (
    "Netron lays out in the browser and has no time of a process. It draws the ONNX file, in which no blocks are left, "
    "and where sizes that are computed from the input meet what they are for too.",
    "PlotNeuralNet is left out: it has no package, and draws what one writes for it in TikZ, no model.",
)
ROOT = Path(__file__).parents[1]


def lines() -> list[str]:
    found = [
        "| picture | time | width × height | |",
        "| --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, spec in SPECS.items():
            for what, depth in (("as it opens", ()), ("every block opened", ("--depth", "99"))):
                path = Path(folder, "ours.svg")
                time = cpu(sys.executable, "-m", "nndsl", "draw", spec, "-o", str(path), *depth)
                found.append(f"| {name}: nndsl, {what} | {ms(time)} | {_size(path)} | |")
            for what, depth in ((BY_DEFAULT, ""), ("torchview, every block opened (depth 100)", "100")):
                found.append(_peer(f"{name}: {what}", TORCHVIEW, name, str(Path(folder, "theirs.svg")), depth))
        found.append(_peer("ResNet50: Keras plot_model", KERAS, "ResNet50", str(Path(folder, "theirs.png"))))
    _highlight({cells[1].strip(): cells for cells in (row.split("|") for row in found)})
    return [*found, "", "What they show, with every block opened:", "", *shown.lines(SPECS), "", *ABSENT]


def _highlight(rows: dict[str, list[str]]) -> None:
    ours = rows["ResNet50: nndsl, as it opens"]
    peers = {"torchview": rows[f"ResNet50: {BY_DEFAULT}"], "Keras": rows["ResNet50: Keras plot_model"]}
    for what, at in (("The diagram of ResNet-50", 2), ("… and its size in pixels", 3)):
        add(what, ours[at].strip(), ", ".join(f"{name}: {cells[at].strip()}" for name, cells in peers.items()))


def _peer(what: str, code: str, name: str, path: str, *more: str) -> str:
    try:
        time = ms(cpu(sys.executable, "-c", code, str(ROOT), name, path, *more))
    except RuntimeError as problem:
        return f"| {what} | – | – | {str(problem).strip().splitlines()[-1]} |"
    return f"| {what} | {time} | {_size(Path(path))} | |"


def _size(path: Path) -> str:
    """In pixels: of an SVG in those of CSS, 96 to an inch; Graphviz tells points, 72 to an inch."""
    head = path.read_bytes()[:2000]
    if head.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", head[16:24])
        return f"{width:,} × {height:,}"
    found = [re.search(rb'\b%s="([\d.]+)(pt)?"' % side, head) for side in (b"width", b"height")]
    width, height = (round(float(one[1]) * (96 / 72 if one[2] else 1)) if one else 0 for one in found)
    return f"{width:,} × {height:,}"


if __name__ == "__main__":
    print("\n".join(lines()))
