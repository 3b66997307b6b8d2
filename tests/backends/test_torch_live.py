"""Generated sources as modules of the running process: whole when they are seen, gone when they are out of use."""

from __future__ import annotations

import copy
import gc
import inspect
import linecache
import pickle
import sys
import threading
import traceback

import pytest
import torch

import nndsl
from nndsl.backends.torch.live import loaded


def spec(size: int) -> nndsl.Model:
    return nndsl.loads(f"model Net {{\n  input x: float[N, 3]\n  output y = x -> fc: Linear({size}) -> ReLU\n}}\n")


def generated() -> set[str]:
    gc.collect()
    return {name for name in sys.modules if name.startswith("nndsl_generated_")}


def test_threads_see_whole_modules() -> None:
    """All ask for the same source at once; executing it takes a while."""
    source = "import time\ntime.sleep(0.3)\n\n\nclass Net:\n    pass\n"
    together, found = threading.Barrier(6), list[object]()

    def work() -> None:
        together.wait()
        found.append(getattr(loaded(source, "Net"), "Net", None))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert None not in found
    assert len(set(map(id, found))) == 1


def test_a_source_that_fails_leaves_nothing() -> None:
    before, texts = generated(), set(linecache.cache)
    with pytest.raises(ZeroDivisionError):
        loaded("1 / 0\n", "Net")
    assert generated() == before
    assert set(linecache.cache) == texts


def test_what_is_out_of_use_is_forgotten() -> None:
    before = generated()
    texts = {name for name in linecache.cache if name.startswith("<Net ")}
    kept = spec(1000).module()
    for size in range(1001, 1011):
        spec(size).module()(torch.zeros(2, 3))
    assert len(generated() - before) == 1
    assert len({name for name in linecache.cache if name.startswith("<Net ")} - texts) == 1
    other = copy.deepcopy(kept)
    del kept
    assert len(generated() - before) == 1
    assert spec(1000).module().__class__ is other.__class__
    del other
    assert generated() == before


def test_what_is_in_use_is_found() -> None:
    made = spec(1100).module()
    gc.collect()
    assert inspect.getsource(type(made)).startswith("class Net(nn.Module):")
    x = torch.randn(2, 3)
    assert torch.equal(pickle.loads(pickle.dumps(made))(x), made(x))
    with pytest.raises(RuntimeError) as caught:
        made(torch.zeros(2, 4))
    assert "return F.relu(self.fc(x))" in "".join(traceback.format_exception(caught.value))


def test_it_compiles_inside_another_module() -> None:
    """Whose globals are others: PyTorch's compiler then looks at `sys.modules`."""

    class Outer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = spec(1200).module()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x) + 1

    outer, x = Outer(), torch.randn(2, 3)
    assert torch.allclose(torch.compile(outer, backend="eager", fullgraph=True)(x), outer(x))
    assert torch.allclose(torch.export.export(outer, (x,)).module()(x), outer(x))
