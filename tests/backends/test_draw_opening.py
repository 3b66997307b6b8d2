"""What `expand`, `collapse` and `max_nodes` open: exactly what they say, and never an edge more or less."""

from __future__ import annotations

import random
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.atlas import Atlas
from nndsl.backends.draw.figures import planned
from nndsl.backends.draw.opening import CannotOpen, Glob, Opening
from nndsl.backends.draw.picture import picture
from nndsl.backends.draw.scene import Scene
from nndsl.cli import run
from nndsl.ir.graph import Graph
from tests.backends.graphs_by_hand import SAMPLES, encoder, resnet, vit
from tests.backends.test_draw_folding import LISTED, is_repeat, members, nested, true_edges
from tests.backends.test_draw_random import random_graph

ZOO = Path(nndsl.__file__).parent.parent / "models"


def frames(scene: Scene) -> set[str]:
    return {frame.path for frame in scene.clusters}


# ------------------------------------------------------------ globs


def test_a_glob_matches_what_fnmatch_does() -> None:
    rng = random.Random(5)
    for _ in range(4000):
        glob = "".join(
            rng.choice(["a", "b", ".", "*", "?", "[ab]", "[!a]", "[", "]", "[]a]"]) for _ in range(rng.randint(0, 6))
        )
        text = "".join(rng.choice("ab.[]") for _ in range(rng.randint(0, 7)))
        plain = glob and not set(glob) & set(".*?[")
        expected = fnmatchcase(text, glob) or (plain and fnmatchcase(text, f"*.{glob}"))
        assert Glob(glob).matches(text) == bool(expected), (glob, text)


def test_a_glob_goes_on_where_it_was_left() -> None:
    glob = Glob("enc*.at?n")
    inside = glob.after(glob.after(glob.start, "encoder.3"), ".")
    assert glob.after(inside, "attn") & glob.end
    assert not glob.after(inside, "mlp") & glob.end


# ------------------------------------------------------------ what is open


def test_a_plain_name_is_found_at_the_end_of_any_path() -> None:
    found = Glob("attn")
    assert found.matches("attn") and found.matches("layers.3.attn")
    assert not any(map(found.matches, ("xattn", "attn.x", "layers.attn.0", "attnx", "")))
    assert not Glob("*.attn").matches("attn")
    plain, starred = (draw.scene(vit(), depth=0, expand=glob) for glob in ("attn", "*.attn"))
    assert frames(plain) == frames(starred) != set()
    closed = draw.scene(vit(), collapse="attn")
    assert not any(path.endswith(".attn") for path in frames(closed)) and frames(closed)


def test_expand_opens_a_block_and_what_is_around_it() -> None:
    closed = draw.scene(resnet(), depth=0)
    assert not closed.clusters
    opened = draw.scene(resnet(), depth=0, expand=["layer3.0"])
    assert frames(opened) == {"layer3", "layer3.0"}
    assert frames(draw.scene(resnet(), depth=0, expand="*.downsample")) == {
        path for stage in ("layer2", "layer3", "layer4") for path in (stage, f"{stage}.0", f"{stage}.0.downsample")
    }


def test_expand_knows_blocks_by_name_and_opens_no_other() -> None:
    opened = draw.scene(resnet(), depth=0, expand=["BasicBlock"])
    assert {"layer1", "layer4", "layer4.0", "layer4.1"} <= frames(opened)
    assert not [path for path in frames(opened) if path.endswith("downsample")]


def test_any_member_of_a_folded_list_stands_for_all() -> None:
    for glob in ("layers.4", "layers.?", "layers", "EncoderLayer"):
        (frame,) = draw.scene(encoder(6), depth=0, expand=[glob]).clusters
        assert (frame.path, frame.count) == ("layers", 6), glob
    with pytest.raises(CannotOpen, match=r"did you mean 'layers\.\d'"):
        draw.scene(encoder(6), expand=["layers.6"])


def test_collapse_goes_before_everything_else() -> None:
    scene = draw.scene(resnet(), depth=9, collapse=["layer2", "*.downsample"])
    assert not [path for path in frames(scene) if path.startswith("layer2") or path.endswith("downsample")]
    both = draw.scene(resnet(), depth=0, expand=["*"], collapse=["BasicBlock"])
    assert frames(both) == {"layer2", "layer3", "layer4"}  # layer1 is a list of equal blocks: its body would be theirs
    assert not draw.scene(resnet(), depth=0, expand=["layer2.0"], collapse=["layer2"]).clusters


def test_collapse_leaves_the_rest_of_the_usual_picture() -> None:
    usual, without = draw.scene(resnet()), draw.scene(resnet(), collapse=["*downsample"])
    assert frames(usual) - frames(without) == {"layer2.0.downsample"}


def test_an_expanded_block_shows_the_unnamed_lists_in_it() -> None:
    graph = nndsl.loads(
        "block B() = (Linear(4), [Linear(4), ReLU]) -> Concat(dim=-1)\n"
        "model M { input x: float[N, 4]\n  output y = x -> first: B -> Tanh -> second: B }"
    )._graph
    scene = draw.scene(graph, depth=0, expand=["second"])
    assert frames(scene) == {"second"}
    assert sum(box.path.startswith("second.") for box in scene.boxes) == 4


# ------------------------------------------------------------ at most so many boxes


def targets() -> dict[str, Graph]:
    found = {name: build() for name, build in SAMPLES.items()}
    for target in ("resnet.nn:ResNet50", "googlenet.nn:GoogLeNet", "vit.nn:ViTB16"):
        found[target] = nndsl.load(ZOO / target)._graph
    found |= {f"random {seed}": random_graph(seed, 8 + seed % 20, 1 + seed % 3) for seed in range(12)}
    return found


def unfolded(graph: Graph, depth: int) -> Scene:
    """With a box for each closed block, also for those in a row that are of one kind."""
    return picture(planned(graph, Opening(depth)), "up", "sans", draw.THEMES["light"], labels=True)


def test_a_picture_has_at_most_so_many_boxes_and_no_level_less_than_they_allow() -> None:
    for name, graph in targets().items():
        uniform = [unfolded(graph, depth) for depth in range(6)]
        least = len(uniform[0].boxes)
        for most in {least, least + 1, least + 4, 2 * least, 60, 150} - set(range(least)):
            scene = draw.scene(graph, max_nodes=most)
            assert len(scene.boxes) <= most, name
            fits = [level for level in uniform if len(level.boxes) <= most]
            assert frames(fits[-1]) <= frames(scene), name
            assert len(scene.boxes) >= len(fits[-1].boxes), name


def test_what_still_fits_of_the_next_level_is_open_too() -> None:
    graph = resnet()
    one, two = (len(draw.scene(graph, depth=depth).boxes) for depth in (1, 2))
    scene = draw.scene(graph, max_nodes=(one + two) // 2)
    stages = frames(draw.scene(graph, depth=1))
    assert stages < frames(scene) < frames(draw.scene(graph, depth=2))


def test_room_goes_to_what_is_expanded_first_and_none_to_what_is_closed() -> None:
    graph = resnet()
    wanted = draw.scene(graph, depth=0, expand=["layer4.0.downsample"])
    tight = draw.scene(graph, max_nodes=len(wanted.boxes), expand=["layer4.0.downsample"])
    assert [box.path for box in tight.boxes] == [box.path for box in wanted.boxes]
    roomy = draw.scene(graph, max_nodes=60, collapse=["layer1", "layer2"])
    assert not [path for path in frames(roomy) if path.startswith(("layer1", "layer2"))]
    assert "layer4.0" in frames(roomy)
    assert frames(draw.scene(graph, depth=1, max_nodes=500)) == frames(draw.scene(graph, depth=1))


def test_too_few_boxes_are_told_with_how_many_there_are() -> None:
    least = len(draw.scene(resnet(), depth=0).boxes)
    with pytest.raises(CannotOpen, match=f"3 boxes are too few: there are {least} when all blocks are closed"):
        draw.scene(resnet(), max_nodes=3)
    with pytest.raises(CannotOpen, match="when what is to be expanded is open"):
        draw.scene(resnet(), max_nodes=least, expand=["layer1"])


def test_a_bomb_is_opened_in_bounds() -> None:
    for most in (10, 500):
        assert len(draw.scene(nested(40), max_nodes=most).boxes) <= most
    assert len(draw.scene(nested(40), depth=0, expand=["*"]).boxes) < 60_000
    assert draw.scene(nested(12), depth=0, expand=["*Level9"]).clusters


# ------------------------------------------------------------ edges


def some_globs(graph: Graph, rng: random.Random) -> list[str]:
    """Names and paths of blocks, whole or with parts left open."""
    found = []
    for inner in graph.graphs():
        for node in inner.nodes:
            if isinstance(node.target, Graph):
                found += [f"*{node.label}", node.label] if inner is graph else [f"*.{node.label}"]
                found += [node.target.name] if node.target.kind == "block" else []
    return [rng.choice(found) for _ in range(rng.randint(0, 2))] if found else []


def random_opening(graph: Graph, rng: random.Random) -> Opening:
    depth = rng.choice([None, 0, 0, 1, 2])
    most = rng.choice([None, None, 400])
    return Opening(depth, tuple(some_globs(graph, rng)), tuple(some_globs(graph, rng)), most)


def scene_of(graph: Graph, opening: Opening) -> Scene:
    chosen: dict[str, Any] = {"expand": opening.expand, "collapse": opening.collapse, "max_nodes": opening.most}
    return draw.scene(graph, depth=opening.depth, **chosen)


@pytest.mark.parametrize("name", LISTED)
def test_random_choices_lose_no_edge_and_invent_none(name: str) -> None:
    graph = LISTED[name]()
    rng = random.Random(name)
    for _ in range(12):
        opening = random_opening(graph, rng)
        scene = scene_of(graph, opening)
        boxes = members(graph, scene)
        wanted = set()
        for tail, head in true_edges(graph):
            repeated = tail.split(".")[:1] == head.split(".")[:1] and tail.split(".")[1:2] != head.split(".")[1:2]
            if boxes[tail] != boxes[head] and not (repeated and is_repeat(scene, tail, head)):
                wanted.add((boxes[tail], boxes[head]))
        assert {(edge.source, edge.target) for edge in scene.edges} == wanted, opening


def has_folds(graph: Graph) -> bool:
    scene = draw.scene(graph, depth=99)
    return any(count > 1 for count in [*(box.count for box in scene.boxes), *(c.count for c in scene.clusters)])


@pytest.mark.parametrize("seed", range(60))
def test_random_choices_in_random_graphs_keep_all_edges(seed: int) -> None:
    graph = next(g for k in range(100) if not has_folds(g := random_graph(seed + 100 * k, 4 + seed % 17, 1 + seed % 3)))
    rng = random.Random(seed)
    for _ in range(6):
        opening = random_opening(graph, rng)
        scene = scene_of(graph, opening)
        paths = {box.id: box.path for box in scene.boxes}
        edges = {(paths[edge.source], paths[edge.target]) for edge in scene.edges}
        assert edges == true_edges(graph, set(paths.values())), opening


# ------------------------------------------------------------ the page, the command, the API


def test_the_page_begins_with_what_is_asked_for() -> None:
    for opening in (Opening(0, ("layer2.0",)), Opening(None, (), ("layer*",)), Opening(most=40)):
        atlas = Atlas(resnet(), opening, "up", "sans", labels=True).write()
        again = draw.scene(resnet(), depth=9)
        ways = set(atlas["start"])
        found = {frame.path for frame in scene_of(resnet(), opening).clusters}
        assert len(found) == len(ways) or opening.most  # of unnamed lists no frame is seen
        assert len(again.clusters) > len(found)
    page = draw.html(vit(), expand=["encoder"], max_nodes=60)
    assert page == draw.html(vit(), expand="encoder", max_nodes=60)


def test_equal_choices_equal_bytes() -> None:
    asked: dict[str, Any] = {"expand": ["layer2.0"], "collapse": ["layer3"], "max_nodes": 70}
    assert draw.svg(draw.scene(resnet(), **asked)) == draw.svg(draw.scene(resnet(), **asked))


SPEC = """
block Inner() = Linear(4) -> ReLU
block Outer() = one: Inner -> two: Inner
model Net {
  input x: float[N, 4]
  output y = x -> a: Outer -> Tanh -> b: Outer
}
"""


def test_the_command_opens_closes_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "net.nn"
    spec.write_text(SPEC)

    def drawn(*words: str) -> str:
        assert run(["draw", str(spec), "-o", "-", *words]) == 0
        return capsys.readouterr().out

    opened = drawn("--depth", "0", "--expand", "a.one", "--expand", "b")
    assert drawn("--depth", "0").count('id="c') == 0
    assert opened.count('id="c') == 3
    assert drawn("--collapse", "Outer").count('id="c') == 0
    assert drawn("--max-nodes", "6").count('id="n') == 6
    assert opened == nndsl.load(spec).draw(depth=0, expand=["a.one", "b"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--expand", "a.tow"], "did you mean 'a.two'?"),
        (["--collapse", "Iner"], "did you mean 'Inner'?"),
        (["--expand", "Linear"], "'Linear' matches only layers, which have nothing inside"),
        (["--expand", "qqq"], "there are 'a', 'Outer', 'b', 'a.one', 'Inner', 'a.two'"),
        (["--expand", "a" * 500], "has more than 400 letters"),
        (["--expand", "x\x1b[31m\n<script>"], r"'x\x1b[31m\n<script>'"),
        (["--max-nodes", "3"], "3 boxes are too few: there are 5 when all blocks are closed"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, picture = tmp_path / "net.nn", tmp_path / "net.svg"
    spec.write_text(SPEC)
    assert run(["draw", str(spec), "-o", str(picture), *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert f"Invalid value for {words[0]}:" in told
    assert "\x1b" not in told
    assert not picture.exists()
    given: str | int = int(words[1]) if words[1].isdigit() else words[1]
    options: dict[str, Any] = {words[0][2:].replace("-", "_"): given}
    with pytest.raises(CannotOpen) as found:
        nndsl.load(spec).draw(picture, **options)
    assert said in str(found.value)


def test_a_model_without_blocks_has_none_to_open() -> None:
    model = nndsl.loads("model M { input x: float[N, 4]\n  output y = x -> ReLU }")
    with pytest.raises(ValueError, match=r"no block's path or name matches 'layers': the model has no blocks"):
        model.draw(expand="layers")
    assert planned(model._graph, Opening(most=50)).ways == set()
