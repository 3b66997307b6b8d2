"""What a diagram shows, counted in it: boxes, the names that layers bear, and where branches meet.

Each tool's own graph is asked, all blocks opened. What there is to show comes from another source: names from the
module's own, meeting branches from torch.fx (of Keras, from the layers' inputs). Netron's picture is read off its page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nndsl
from nndsl.backends.draw import Scene, scene

ROOT = Path(__file__).parents[1]
TORCHVIEW = """\
import json, re, sys
sys.path.insert(0, sys.argv[1])
from benchmarks.models import inputs, load
from torch import fx
from torchview import draw_graph
module = load(sys.argv[2]).module().eval()
flowing, met = set(), 0  # what comes from the input, sizes apart
for node in fx.symbolic_trace(module).graph.nodes:
    given = flowing.intersection(node.all_input_nodes)
    if node.op == "placeholder" or given and node.op != "output" and node.target not in (getattr, "size"):
        flowing.add(node)
        met += len(given) >= 2
paths = [path for path, layer in module.named_modules() if path and list(layer.parameters(recurse=False))]
drawn = draw_graph(module, input_data=list(inputs(sys.argv[2])), expand_nested=True, depth=100)
lines = drawn.visual_graph.body
print(json.dumps({
    "paths": paths,
    "meet": met,
    "boxes": [line for line in lines if re.match(r"\\s*\\d+ \\[", line)],
    "words": [line for line in lines if "label=" in line],
    "edges": [found.groups() for line in lines if (found := re.match(r"\\s*(\\d+) -> (\\d+)", line))],
}))
"""
NETRON = """\
import sys
sys.path.insert(0, sys.argv.pop(1))
from benchmarks.netron_page import main
main()
"""
KERAS = """\
import json, os
os.environ["KERAS_BACKEND"] = "torch"
import keras
network = keras.applications.ResNet50(weights=None)
dot = keras.utils.model_to_dot(network, show_shapes=True, expand_nested=True, show_layer_names=True)
boxes = [node for node in dot.get_nodes() if node.get_label()]
print(json.dumps({
    "paths": [layer.name for layer in network.layers if layer.weights],
    "meet": sum(isinstance(layer.input, list) and len(layer.input) >= 2 for layer in network.layers),
    "boxes": [node.get_name() for node in boxes],
    "words": [node.get_label() for node in boxes],
    "edges": [[edge.get_source(), edge.get_destination()] for edge in dot.get_edges()],
}))
"""


def lines(networks: dict[str, str]) -> list[str]:
    """`networks`: the specs by the names in `models.py`."""
    found = ["| network: picture | boxes | layers' names | meeting branches |", "| --- | --- | --- | --- |"]
    for name, spec in networks.items():
        theirs = asked(TORCHVIEW, str(ROOT), name)
        ours = scene(nndsl.load(spec)._graph, depth=99)
        texts = [box.texts for box in ours.boxes] + [cluster.texts for cluster in ours.clusters]
        words = " ".join(text.text for each in texts for text in each)
        meeting = f"{joins(ours)} of {theirs['meet']}"
        found.append(f"| {name}: nndsl | {len(ours.boxes)} | {named(theirs['paths'], words)} | {meeting} |")
        found.append(row(f"{name}: torchview", theirs))
        found.append(row(f"{name}: Netron, of the ONNX file", theirs | asked(NETRON, str(ROOT), name)))
    found.append(row("ResNet50: Keras plot_model, of its own", asked(KERAS)))
    return found


def asked(code: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def row(what: str, told: dict[str, Any]) -> str:
    arriving: dict[str, set[str]] = {}
    for tail, head in told["edges"]:
        arriving.setdefault(head, set()).add(tail)
    meeting = sum(len(tails) >= 2 for tails in arriving.values())
    names = named(told["paths"], " ".join(told["words"]))
    return f"| {what} | {len(told['boxes'])} | {names} | {meeting} of {told['meet']} |"


def joins(shown: Scene) -> int:
    """Boxes at which two or more edges arrive, each for as many as it stands for."""
    around = {cluster.id: cluster for cluster in shown.clusters}
    arriving: dict[str, set[str]] = {}
    for edge in shown.edges:
        arriving.setdefault(edge.target, set()).add(edge.source)
    total = 0
    for box in shown.boxes:
        times, frame = box.count, around.get(box.cluster or "")
        while frame is not None:
            times, frame = times * frame.count, around.get(frame.parent or "")
        total += times * (len(arriving.get(box.id, ())) >= 2)
    return total


def named(paths: list[str], words: str) -> str:
    """How many different names of layers, the last parts of their paths, stand in a picture, in large or small letters;
    numbers are no names."""
    names = {path.rpartition(".")[2].casefold() for path in paths}
    names = {name for name in names if not name.isdigit()}
    seen = set(re.findall(r"\w+", words.casefold()))
    return f"{len(names & seen)} of {len(names)}"
