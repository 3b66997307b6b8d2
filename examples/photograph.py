"""A photograph through what `nndsl build` made: PyTorch and onnxruntime must give the same answer.

    nndsl build models/resnet.nn:ResNet18 -o out/demo
    python examples/photograph.py out/demo

The photograph ships with scikit-learn. The weights are the initial ones of seed 0, as `nndsl build` wrote them into
model.onnx; nothing is trained, so only the equality of the two answers means anything, not the answers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime
import torch
from sklearn.datasets import load_sample_image

CONTENTS = {
    "model.py": "the network as PyTorch source",
    "model.onnx": "the network and its weights as ONNX",
    "model.svg": "its diagram",
    "summary.txt": "shapes, parameters and costs of each layer",
    "summary.json": "the same for programs",
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels
TOLERANCE = 1e-4  # of the largest output: float32 sums in another order


def main(folder: Path) -> int:
    missing = [name for name in CONTENTS if not (folder / name).is_file()]
    if missing:
        print(f"{folder} has no {', '.join(missing)}: run `nndsl build FILE:MODEL -o {folder}` first", file=sys.stderr)
        return 2
    facts = json.loads((folder / "summary.json").read_text("utf-8"))
    print(f"\n{facts['model']} in {folder}: {facts['parameters']:,} parameters\n")
    for name, what in CONTENTS.items():
        print(f"  {name:<14}{_size(folder / name):>10}   {what}")

    module = _module(folder / "model.py", facts["model"])
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    photograph = load_sample_image("china.jpg")
    height, width, _ = photograph.shape
    print(f"\nchina.jpg, {width} × {height}, through model.py (PyTorch) and model.onnx (onnxruntime)\n")
    print(f"  {'input':<18}{'PyTorch':>10}{'onnxruntime':>14}{'largest output':>17}{'max difference':>17}")
    same = [_compare(module, session, _prepared(photograph[::step, ::step])) for step in (1, 2)]
    print("\nThe outputs are equal.\n" if all(same) else "\nThe outputs differ.\n")
    return 0 if all(same) else 1


def _size(path: Path) -> str:
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def _module(path: Path, name: str) -> Any:
    """An instance of the class in the generated file, with the weights that `nndsl build` drew (its `--seed 0`)."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    generated = module_from_spec(spec)
    spec.loader.exec_module(generated)
    torch.manual_seed(0)
    return getattr(generated, name)().eval()


def _prepared(photograph: np.ndarray[Any, Any]) -> torch.Tensor:
    """[H, W, 3] bytes to [1, 3, H', W'], the middle of the picture with sides divisible by 32, normalised."""
    height, width = (side // 32 * 32 for side in photograph.shape[:2])
    top, left = (photograph.shape[0] - height) // 2, (photograph.shape[1] - width) // 2
    middle = torch.tensor(photograph[top : top + height, left : left + width] / 255, dtype=torch.float32)
    normalised = (middle - torch.tensor(MEAN)) / torch.tensor(STD)
    return normalised.permute(2, 0, 1)[None].contiguous()


def _compare(module: torch.nn.Module, session: onnxruntime.InferenceSession, image: torch.Tensor) -> bool:
    """Run both, print a line, say whether they agree."""
    feed = {session.get_inputs()[0].name: image.numpy()}
    with torch.no_grad():
        expected, torch_time = _timed(lambda: module(image).numpy())
    found, onnx_time = _timed(lambda: session.run(None, feed)[0])
    difference, scale = np.abs(found - expected).max(), np.abs(expected).max()
    equal = found.shape == expected.shape and bool(difference <= TOLERANCE * scale)
    size, mark = " × ".join(map(str, image.shape)), "✓" if equal else "✗"
    print(f"  {size:<18}{torch_time:>10}{onnx_time:>14}{scale:>17.4f}{difference:>17.1e}  {mark}")
    return equal


def _timed(work: Callable[[], Any]) -> tuple[Any, str]:
    """The result, and the time of a second run: the first one also sets things up."""
    work()
    begun = perf_counter()
    result = work()
    return result, f"{1e3 * (perf_counter() - begun):.0f} ms"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/photograph.py FOLDER")
    sys.exit(main(Path(sys.argv[1])))
