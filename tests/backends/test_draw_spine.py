"""The spine of networks that are neither a chain nor branches stays straight, and what is beside it stays near."""

from __future__ import annotations

import itertools

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction, Scene
from nndsl.ir.graph import Graph
from tests.backends import test_draw_layout as promises
from tests.work import calls

# The time goes to all blocks, the skips from the way down to the way up.
DIFFUSION = """
block Embed(dim: int) = Linear(dim) -> SiLU -> Linear(dim) -> SiLU
block Res(out: int) {
  input x: [N, C, H, W]
  input time: [N, E]
  h = x -> norm1: GroupNorm(4) -> SiLU -> conv1: Conv2d(out, 3, padding=1)
  h = h + (time -> SiLU -> project: Linear(out) -> Rearrange("n c -> n c 1 1"))
  h = h -> norm2: GroupNorm(4) -> SiLU -> conv2: Conv2d(out, 3, padding=1)
  h + (if C == out { x } else { x -> shortcut: Conv2d(out, 1) })
}
model Diffusion(levels: int = 4) {
  input x: float[N, 3, 64, 64]
  input t: float[N, 16]
  time = t -> embed: Embed(64)
  h = x -> conv_in: Conv2d(16, 3, padding=1)
  skips = [h]
  for i in 0..levels {
    h = (h, time) -> "down{i}": Res(16)
    skips = skips + [h]
    h = h -> "half{i}": Conv2d(16, 3, stride=2, padding=1)
  }
  h = (h, time) -> middle: Res(16)
  for i in reversed(0..levels) {
    h = ((h -> Upsample(scale_factor=2), skips[i + 1]) -> Concat(dim=1), time) -> "up{i}": Res(16)
  }
  output noise = h -> conv_out: Conv2d(3, 3, padding=1)
}
"""

# Each step needs the one before, the encoder's states and the target; all steps end in one stack.
UNROLLED = """
block Attend(hidden: int) {
  input state: [B, D]
  input memory: [B, S, E]
  scores = (memory -> keys: Linear(hidden)) + (state -> query: Linear(hidden) -> Unsqueeze(1)) -> Tanh -> Linear(1)
  scores * memory -> Sum(dim=1)
}
model Unrolled(steps: int = 5) {
  input source: float[B, 7, 8]
  input target: float[B, 5, 8]
  layer attend = Attend(8)
  layer cell = GRUCell(8)
  layer readout = Linear(6)
  memory = source -> encoder: Linear(8) -> Tanh
  h = memory[:, 0] -> bridge: Linear(8)
  words = []
  for i in 0..steps {
    seen = (h, memory) -> attend
    joined = (target[:, i], seen) -> Concat(dim=-1)
    h = (joined, h) -> cell
    words = words + [(h, seen) -> Concat(dim=-1) -> readout]
  }
  output y = (*words,) -> Stack(dim=1)
}
"""

# What an output needs goes on past it.
STACKED = """
model Stacked {
  input x: float[N, 8, 16, 16]
  h = x -> stem: Conv2d(8, 3, padding=1)
  f = h -> first: Conv2d(8, 3, padding=1) -> BatchNorm2d -> ReLU
  output heat1 = f -> out1: Conv2d(4, 1)
  h = h + (f -> back: Conv2d(8, 1)) + (heat1 -> merge: Conv2d(8, 1))
  output heat2 = h -> second: Conv2d(8, 3, padding=1) -> BatchNorm2d -> ReLU -> out2: Conv2d(4, 1)
}
"""

# The decoder's second input is where the longer way enters.
TWO_TOWERS = """
block Decoder {
  input x: [B, T, D]
  input memory: [B, S, D]
  h = x + (x -> norm1: LayerNorm -> attn: SelfAttention(2))
  h + ((h -> norm2: LayerNorm, memory) -> cross: CrossAttention(2))
}
model TwoTowers {
  input sound: float[B, 9, 8]
  input text: float[B, T, 8]
  memory = sound -> a: Linear(8) -> GELU -> b: Linear(8) -> GELU -> c: Linear(8) -> norm: LayerNorm
  h = text -> embed: Linear(8)
  output y = (h, memory) -> decoder: Decoder -> head: Linear(4)
}
"""

# Four inputs join, and what they become goes on to three outputs; a fourth compares two of them.
JOINED = """
model Joined {
  input image: float[N, 8]
  input text: float[N, 4]
  input sound: float[N, 6]
  i = image -> one: Linear(16) -> ReLU -> two: Linear(8)
  t = text -> Linear(8)
  s = sound -> Linear(8) -> ReLU
  f = (i, t, s) -> Concat(dim=1) -> fuse: Linear(32) -> ReLU
  output label: [N, 10] = f -> Linear(10)
  output box: [N, 4] = f -> Linear(6) -> ReLU -> Linear(4)
  output caption: [N, 5] = f -> Linear(5) -> LayerNorm
  output contrast: [N] = (i, t) -> CosineSimilarity
}
"""

SPECS = {"joined": JOINED, "diffusion": DIFFUSION, "unrolled": UNROLLED, "stacked": STACKED, "two towers": TWO_TOWERS}
DIRECTIONS: tuple[Direction, ...] = ("up", "down", "right")


def scene_of(name: str, depth: int | None, direction: Direction = "up") -> Scene:
    return draw.scene(nndsl.loads(SPECS[name])._graph, depth=depth, direction=direction)


def middles(scene: Scene, paths: list[str]) -> set[float]:
    found = {box.path: round(box.x + box.width / 2, 1) for box in scene.boxes}
    return {found[path] for path in paths}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("name", "depth"), list(itertools.product(SPECS, (0, 1, 9))))
def test_they_keep_all_promises(name: str, depth: int, direction: Direction, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_of(name, depth, direction)
    monkeypatch.setattr(promises, "scene_of", lambda *_: scene)
    promises.test_boxes_and_labels_stay_apart("", depth, direction)
    promises.test_texts_fit_their_boxes_and_everything_the_page("", depth, direction)
    promises.test_lines_are_upright_or_level_and_cross_no_box_or_label("", depth, direction)
    promises.test_lines_share_only_an_arrow_and_look_as_what_goes_on_from_them("", depth, direction)
    promises.test_frames_hold_their_members_and_nothing_else("", depth, direction)
    promises.test_every_edge_is_shown_by_lines_from_box_to_box("", depth, direction)


def test_the_image_is_the_spine_and_the_time_stands_beside() -> None:
    scene = scene_of("diffusion", 0)
    spine = ["x", "conv_in", *(f"down{i}" for i in range(4)), "middle", *(f"up{i}" for i in range(4)), "noise"]
    assert len(middles(scene, spine)) == 1
    opened = scene_of("diffusion", 9)
    assert len(middles(opened, ["x", "down0.conv1", "down0.conv2", "middle.conv1", "up0.norm2", "noise"])) == 1


def test_what_inputs_become_together_stands_above_the_longest_way_to_it() -> None:
    assert len(middles(scene_of("joined", 0), ["image", "one", "two", "concat_1", "fuse", "box"])) == 1


def test_the_lane_of_a_value_that_many_need_is_the_nearest() -> None:
    scene = scene_of("diffusion", 0)
    time = next(box.id for box in scene.boxes if box.path == "embed")
    lanes = {tail: max(x for i in lines for x, _ in scene.wires[i].points) for tail, lines in reached(scene)}
    assert lanes[time] == min(lanes.values())


def reached(scene: Scene) -> list[tuple[str, list[int]]]:
    """The edges that skip something, by where they begin."""
    return [(edge.source, edge.wires) for edge in scene.edges if any(scene.wires[i].skip for i in edge.wires)]


def test_steps_of_a_loop_stand_above_each_other() -> None:
    scene = scene_of("unrolled", 0)
    cells = [box for box in scene.boxes if box.texts[0].text in ("GRUCell", "Attend")]
    assert len(cells) == 10
    assert len({round(box.x + box.width / 2, 1) for box in cells}) == 1
    assert scene.width < 900


def test_a_line_to_an_output_passes_close_by() -> None:
    scene = scene_of("stacked", 0)
    assert len(middles(scene, ["x", "stem", "second", "out2", "heat2"])) == 1
    heat = next(box for box in scene.boxes if box.path == "heat1")
    merge = next(box for box in scene.boxes if box.path == "merge")
    (edge,) = (edge for edge in scene.edges if edge.target == heat.id)
    xs = [x for i in edge.wires for x, _ in scene.wires[i].points]
    assert merge.x - 30 < min(xs)
    assert max(xs) <= merge.x + merge.width


def test_a_tower_stands_below_the_port_that_it_enters() -> None:
    scene = scene_of("two towers", 1)
    norm = next(box for box in scene.boxes if box.path == "norm")
    (edge,) = (edge for edge in scene.edges if edge.source == norm.id)
    assert len({round(x, 1) for x, _ in scene.wires[edge.wires[0]].points}) == 1


# An open block that takes what passed another, and one in another that takes what that was given.
NESTED = """
block Join {
  input x: [N, C, H, W]
  input skip: [N, S, _, _]
  (skip, x -> wide: ConvTranspose2d(400, 2, stride=2)) -> Concat(dim=1)
}
block Layer {
  input x: [N, C, H, W]
  input low: [N, S, _, _]
  (x, low) -> up: Join -> conv: Conv2d(8, 1)
}
model Nested {
  input image: float[N, 8, 32, 32]
  a = image -> stem: Conv2d(8, 1)
  h = a -> MaxPool2d(2) -> deep: Conv2d(8, 1)
  output y = (h, a) -> layer: Layer
}
"""


def test_a_line_goes_straight_up_into_a_block_in_a_block() -> None:
    scene = draw.scene(nndsl.loads(NESTED)._graph, depth=9)
    ends = {box.path: box.id for box in scene.boxes}
    for source, target, ways in (("deep", "layer.up.wide", 1), ("stem", "layer.up.concat_1", 2)):
        (edge,) = (edge for edge in scene.edges if (edge.source, edge.target) == (ends[source], ends[target]))
        upright = {round(x, 1) for i in edge.wires for (x, _), (to, _) in itertools.pairwise(scene.way(i)) if x == to}
        assert len(upright) == ways, "straight, or out of the box and along a lane"


# Three ways lead into an open block, the middle one of nothing.
GIVEN = """
block Decoder {
  input x: [B, T, D]
  input memory: [B, T, D]
  input mask: [B, T, D]
  (x -> first: Linear(8) -> ReLU, memory, mask -> ReLU -> Sigmoid) -> attend: Mix
}
block Mix {
  input x: [B, T, D]
  input memory: [B, T, D]
  input mask: [B, T, D]
  (x, memory, mask) -> Concat(dim=-1) -> out: Linear(4)
}
model Given {
  input x: float[B, T, 8]
  input memory: float[B, T, 8]
  input mask: float[B, T, 8]
  output y = (x, memory, mask) -> decoder: Decoder
}
"""


def test_the_longest_way_into_an_open_block_is_straight() -> None:
    scene = draw.scene(nndsl.loads(GIVEN)._graph, depth=9)
    relu = next(box.id for box in scene.boxes if box.path == "decoder.relu_1")
    (edge,) = (edge for edge in scene.edges if edge.source == relu)
    assert len({round(x, 1) for x, _ in scene.way(edge.wires[0])}) == 1


def test_the_work_of_an_unrolled_loop_is_linear() -> None:
    def steps(count: int) -> Graph:
        spec = UNROLLED.replace("steps: int = 5", f"steps: int = {count}").replace("B, 5, 8", f"B, {count}, 8")
        return nndsl.loads(spec)._graph

    short, long = steps(60), steps(240)
    once = calls(lambda: draw.scene(short, depth=0))
    assert calls(lambda: draw.scene(long, depth=0)) < 5 * once
