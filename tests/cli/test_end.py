"""How the process ends."""

from __future__ import annotations

import gc

import pytest

from nndsl.__main__ import main


def test_what_is_left_is_not_looked_through_for_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["nndsl", "check", "--quiet", "models/lenet.nn"])
    threshold = gc.get_threshold()
    try:
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
