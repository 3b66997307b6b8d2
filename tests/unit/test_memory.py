"""A model that does not fit is refused before anything is allocated, and one that fits never is."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from nndsl.diagnostics import SpecError
from nndsl.memory import GIB, VARIABLE, available

WIDE = "model Wide { input x: float[N, 16384]  output y = x -> [Linear(16384)] * 4096 }"  # 4 TiB


def machine(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = "MemTotal: 9000000 kB\nMemAvailable: 8388608 kB\nSwapFree: 1048576 kB\n"


@pytest.mark.parametrize(
    ("files", "gib"),
    [
        ({"proc__meminfo": MEMINFO}, 9),
        ({"proc__meminfo": MEMINFO, "proc__self__cgroup": "0::/a/b\n"}, 9),
        ({"proc__meminfo": MEMINFO, "proc__self__cgroup": "0::/a/b\n",
          "sys__fs__cgroup__a__memory_dot_max": str(2 * GIB)}, 3),
        ({"proc__meminfo": MEMINFO, "proc__self__cgroup": "0::/\n", "sys__fs__cgroup__memory_dot_max": "max\n"}, 9),
        ({"proc__meminfo": MEMINFO, "proc__self__cgroup": "4:memory:/x\n3:cpuset:/\n",
          "sys__fs__cgroup__memory__x__memory_dot_limit_in_bytes": str(4 * GIB)}, 5),
    ],
)  # fmt: skip
def test_what_there_is(files: dict[str, str], gib: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert available(machine(tmp_path, **files)) == gib * GIB
    monkeypatch.setenv(VARIABLE, "1.5")
    assert available(tmp_path) == 1.5 * GIB


def test_this_machine_has_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert (available() or GIB) > GIB / 10


def test_a_model_that_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setenv(VARIABLE, "100")
    model = nndsl.loads(WIDE)
    with pytest.raises(SpecError) as caught:
        model.module()
    (found,) = caught.value.diagnostics
    assert (found.code, found.span.text) == ("out-of-memory", "Wide")
    assert "4,096.2 GiB of weights in float32" in found.message
    assert "100.0 GiB" in found.message
    pytest.importorskip("onnx")
    with pytest.raises(SpecError, match="GiB of weights"):
        model.export(tmp_path / "m.onnx", verify=False)
    assert list(tmp_path.iterdir()) == []
    with torch.device("meta"):
        assert next(nndsl.loads(WIDE.replace("4096", "4")).module().parameters()).is_meta


def test_a_model_that_just_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of exactly as many bytes as there are; one in double precision more is too much."""
    torch = pytest.importorskip("torch")
    monkeypatch.setenv(VARIABLE, str(4 * (64 * 32 + 32) / GIB))
    model = nndsl.loads("model M { input x: float[N, 64]  output y = x -> Linear(32) }")
    assert model.module()(torch.zeros(1, 64)).shape == (1, 32)
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.raises(SpecError):
            model.module()
    finally:
        torch.set_default_dtype(torch.float32)
    assert model.module(device="meta")
