"""The generated module against the same network written by hand: forward, and a step of training."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks import handwritten
from benchmarks.measure import Row, in_turn, ms
from benchmarks.models import inputs, load


def rows() -> list[Row]:
    found = []
    for name in ("ResNet18", "Encoder", "LSTM"):
        torch.manual_seed(0)
        ours, theirs = load(name).module(), getattr(handwritten, name)()
        theirs.load_state_dict(ours.state_dict(), strict=False)
        example = inputs(name, batch=4)
        _agree(name, ours, theirs, example)
        found += [_forward(name, ours, theirs, example), _step(name, ours, theirs, example)]
    return found


def _agree(name: str, ours: Any, theirs: Any, example: tuple[Any, ...]) -> None:
    """What is timed must be the same function."""
    with torch.no_grad():
        a, b = ours.eval()(*example), theirs.eval()(*example)
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4, msg=lambda text: f"{name}: {text}")


def _forward(name: str, ours: Any, theirs: Any, example: tuple[Any, ...]) -> Row:
    ours.eval()
    theirs.eval()
    with torch.inference_mode():
        pair = in_turn(lambda: ours(*example), lambda: theirs(*example), rounds=11)
    return _row(f"{name}: forward", pair)


def _step(name: str, ours: Any, theirs: Any, example: tuple[Any, ...]) -> Row:
    def step(module: Any, optimizer: Any) -> None:
        optimizer.zero_grad()
        module(*example).square().mean().backward()
        optimizer.step()

    both = []
    for module in (ours, theirs):
        module.train()
        optimizer = torch.optim.SGD(module.parameters(), lr=1e-6)
        both.append(lambda module=module, optimizer=optimizer: step(module, optimizer))
    return _row(f"{name}: training step", in_turn(both[0], both[1], rounds=9))


def _row(what: str, pair: Any) -> Row:
    ratio = f"{pair.ratio:.3f}"
    return Row(what, ms(pair.ours), ms(pair.theirs), ratio, "≤ 1.02", pair.ratio <= 1.02)
