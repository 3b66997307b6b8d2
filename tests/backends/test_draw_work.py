"""The work of a layout grows as the model does, also where many flows begin or end at one thing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nndsl.backends import draw
from nndsl.ir.graph import Graph
from nndsl.ops import families
from tests.backends.graphs_by_hand import Builder, N, made
from tests.backends.test_draw_layout import adding_input
from tests.work import most_held, steps


def collected(count: int) -> Graph:
    """What each step makes also goes to the end."""
    b = Builder("Collects", "model")
    y, made_so_far = b.input("x", N, 4), []
    for _ in range(count):
        y = b.op(made("Step", families.LINEAR), y)
        made_so_far.append(y)
    b.output("y", b.concat(*made_so_far))
    return b.graph


def fan_out_and_in(count: int) -> Graph:
    b = Builder("Fans", "model")
    x = b.input("x", N, 4)
    b.output("y", b.concat(*(b.op(made("Step", families.LINEAR), x) for _ in range(count))))
    return b.graph


def fan_in(count: int) -> Graph:
    b = Builder("FansIn", "model")
    b.output("y", b.concat(*(b.op(made("Step", families.LINEAR), b.input(f"x{i}", N, 4)) for i in range(count))))
    return b.graph


@pytest.mark.parametrize("build", [adding_input, collected, fan_out_and_in, fan_in])
def test_the_work_is_linear_where_many_flows_begin_or_end_at_one_thing(build: Callable[[int], Graph]) -> None:
    short, long = build(30), build(120)
    draw.scene(short, depth=9)
    assert steps(lambda: draw.scene(long, depth=9)) < 4.1 * steps(lambda: draw.scene(short, depth=9))


@pytest.mark.parametrize("build", [adding_input, collected])
def test_regions_that_lie_in_each_other_share_what_passes_them(build: Callable[[int], Graph]) -> None:
    """Dictionaries double in size when they are full: so bytes are not exactly as the sizes of two models."""
    short, long = build(40), build(160)
    draw.scene(short, depth=9)
    assert most_held(lambda: draw.scene(long, depth=9)) < 5 * most_held(lambda: draw.scene(short, depth=9))
