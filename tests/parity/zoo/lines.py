"""How long the references are: the lines of the classes that a model of theirs consists of.

`python -m tests.parity.zoo.lines` records them for docs/zoo.md."""

from __future__ import annotations

import ast
import inspect
import io
import json
import textwrap
import tokenize
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torchvision import models

from tests.parity.zoo import CASES

RECORD = Path(__file__).parents[3] / "docs" / "zoo.json"
LIBRARIES = {
    "torchvision": ("torchvision.models.", "torchvision.ops."),
    "transformers": ("transformers.models.",),
    "torch_geometric": ("torch_geometric.nn.conv.",),
    "plain PyTorch": ("tests.parity.zoo.",),
}
BASES = {"MessagePassing", "WhisperGenerationMixin"}  # for all of a library's models, or for what uses a model
FIXED: dict[str, Callable[[], nn.Module]] = {
    "alexnet": models.alexnet,
    "vgg": models.vgg11_bn,
    "googlenet": lambda: models.googlenet(init_weights=False),
    "resnet": models.resnet50,
    "vit": models.vit_b_16,
}
"""Those whose answers are recorded (`tests/parity/generate.py`)."""
BLANK = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def counted() -> dict[str, dict[str, object]]:
    """FILE of the zoo -> whose code its models are compared with, and how long that is."""
    classes: dict[str, set[type]] = {}
    for case in CASES:
        classes.setdefault(case.spec.split(":")[0], set()).update(written(case.reference()))
    with torch.device("meta"):
        for file, build in FIXED.items():
            classes.setdefault(file, set()).update(written(build()))
    return {
        file: {"name": _name(found), "lines": sum(map(length, found))}
        for file, found in sorted(classes.items())
        if found
    }


def written(module: nn.Module) -> set[type]:
    """The classes of a model that are its own, and no layers of PyTorch."""
    kinds = {base for part in module.modules() for base in type(part).__mro__}
    return {kind for kind in kinds if _library(kind) is not None and kind.__name__ not in BASES}


def _library(kind: type) -> str | None:
    return next((name for name, modules in LIBRARIES.items() if kind.__module__.startswith(modules)), None)


def _name(kinds: set[type]) -> str:
    found = {_library(kind) for kind in kinds}
    return " and ".join(name for name in LIBRARIES if name in found)


def length(kind: type) -> int:
    """Lines with code: without blank lines, comments and docstrings."""
    text = textwrap.dedent(inspect.getsource(kind))
    described = {line for node in ast.walk(ast.parse(text)) for line in _docstring(node)}
    covered: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in BLANK:
            covered.update(range(token.start[0], token.end[0] + 1))
    return len(covered - described)


def _docstring(node: ast.AST) -> range:
    if not isinstance(node, (ast.ClassDef, ast.FunctionDef)) or ast.get_docstring(node) is None:
        return range(0)
    first = node.body[0]
    return range(first.lineno, (first.end_lineno or first.lineno) + 1)


if __name__ == "__main__":
    RECORD.write_text(json.dumps(counted(), indent=2) + "\n", "utf-8")
