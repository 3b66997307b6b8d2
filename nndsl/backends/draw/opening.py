"""What is asked to be open: so deep, these blocks too, those never, at most so many boxes.

A glob matches a path (`encoder.layers.*`, where `*` stands for any letters, dots too) or the name of a block; a plain
name, without dots and wildcards, is also found at the end of any path: `attn` means `layers.0.attn`. A glob is
matched letter by letter on the way down, for all members of a folded list at once: `layers.7` means the one body that
stands for them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

from nndsl.ir.graph import Graph, Node

MOST_LETTERS = 400  # of a glob
MOST_NAMES = 2_000  # among which a misspelt one is looked for
SHOWN_NAMES = 6

States: TypeAlias = tuple[int, ...]  # for each glob: which of its places a path may have come to
_TOKEN = re.compile(r"\*+|\[!?\]?[^\]]*\]|.", re.DOTALL)


class CannotOpen(ValueError):
    """A picture was asked for that the model does not have; `option` is what was given."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


@dataclass(frozen=True, slots=True)
class Opening:
    """`depth` None: what reads well. `collapse` goes before `expand`, and what is expanded is open at any depth.
    `most`: how many boxes the picture has at most."""

    depth: int | None = None
    expand: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    most: int | None = None


def globs(given: str | Sequence[str]) -> tuple[str, ...]:
    """One may be given as it is."""
    return (given,) if isinstance(given, str) else tuple(given)


class Glob:
    """Bit i of a state: a path may stand before token i. A plain name is looked for behind `*.` too."""

    def __init__(self, text: str) -> None:
        self.text = text
        plain = text and not set(text) & set(".*?[")
        tokens = [token[:1] if token.startswith("*") else token for token in _TOKEN.findall(text)]
        self._begin = 1
        if plain:
            tokens, self._begin = ["*", ".", *tokens], 0b101
        self.tokens = tokens
        self.stars = sum(1 << i for i, token in enumerate(tokens) if token == "*")
        self.end = 1 << len(tokens)
        self._steps: dict[str, int] = {}

    @property
    def start(self) -> int:
        return self._through(self._begin)

    def after(self, state: int, letters: str) -> int:
        for letter in letters:
            state = self._through((state & self._step(letter)) << 1 | (state & self.stars))
        return state

    def _through(self, state: int) -> int:
        """A star may stand for nothing; no two follow each other."""
        return state | (state & self.stars) << 1

    def _step(self, letter: str) -> int:
        if letter not in self._steps:
            fits = (i for i, token in enumerate(self.tokens) if token != "*" and fnmatchcase(letter, token))
            self._steps[letter] = sum(1 << i for i in fits)
        return self._steps[letter]

    def matches(self, text: str) -> bool:
        return bool(self.after(self.start, text) & self.end)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a figure stands: how many levels and frames are around it, the way there (`4.0.` is inside thing 0 of
    thing 4), and what its path may match. `again`: its weights are told elsewhere. `needed`: which of its outputs
    somebody needs; None: all. `lent`: the layers that it borrows and nobody else uses: as good as its own."""

    states: States = ()
    level: int = 0
    frames: int = 0
    way: str = ""
    asked: bool = False  # it is open because of a glob
    again: bool = False
    needed: frozenset[int] | None = None
    lent: frozenset[str] = frozenset()

    def inside(self, number: int, states: States, *, plain: bool, asked: bool = False, again: bool = False) -> Spot:
        level = self.level if plain else self.level + 1
        return Spot(states, level, self.frames + 1, f"{self.way}{number}.", asked, self.again or again)


class Globs:
    """The globs of an opening, applied to one model; raises CannotOpen for one that matches nothing."""

    def __init__(self, root: Graph, opening: Opening) -> None:
        self.root = root
        self.globs = [Glob(text) for text in (*opening.expand, *opening.collapse)]
        self.expand = range(len(opening.expand))
        self.collapse = range(len(opening.expand), len(self.globs))
        self.start = Spot(tuple(glob.start for glob in self.globs))
        self._holds: dict[tuple[int, States], bool] = {}
        self._names: dict[str, States] = {}
        for i, glob in enumerate(self.globs):
            option = "--expand" if i in self.expand else "--collapse"
            if len(glob.text) > MOST_LETTERS:
                raise CannotOpen(option, f"{glob.text[:20]!r}… has more than {MOST_LETTERS} letters")
            if not self._is_found(i):
                raise CannotOpen(option, self._unmatched(glob))

    # ------------------------------------------------------------ at one place

    def after(self, states: States, labels: Iterable[str]) -> States:
        """Behind any of some labels."""
        ends = [tuple(g.after(s, label) for g, s in zip(self.globs, states, strict=True)) for label in labels]
        return tuple(_union(column) for column in zip(*ends, strict=True))

    def below(self, states: States) -> States:
        return self.after(states, ["."])

    def meant(self, node: Node, target: Graph, states: States, among: range) -> bool:
        """Is it matched by one of these globs?"""
        return any(self.globs[i].end & state for i, state in self._all(node, target, states) if i in among)

    def _all(self, node: Node, target: Graph, states: States) -> Iterable[tuple[int, int]]:
        yield from enumerate(states)
        for graph in (node.target, target):
            if isinstance(graph, Graph) and graph.kind == "block":
                yield from enumerate(self._named(graph.name))

    def _named(self, name: str) -> States:
        if name not in self._names:
            self._names[name] = tuple(glob.after(glob.start, name) for glob in self.globs)
        return self._names[name]

    def holds(self, graph: Graph, states: States) -> bool:
        """Is there a block inside that is to be expanded? Decided callees first, without recursion."""
        stack = [(graph, states)]
        while stack:
            here = stack[-1]
            key = id(here[0]), here[1]
            inner = [] if key in self._holds else list(self._inside(*here))
            missing = [(g, s) for _, g, s in inner if (id(g), s) not in self._holds]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if key not in self._holds:
                self._holds[key] = any(found or self._holds[id(g), s] for found, g, s in inner)
        return self._holds[id(graph), states]

    def _inside(self, graph: Graph, states: States) -> Iterable[tuple[bool, Graph, States]]:
        """Of each block right inside that may be opened: is it meant, what it is, and the states inside it."""
        for node in graph.nodes:
            if not isinstance(node.target, Graph):
                continue
            here = self.after(states, [node.label])
            if not self.meant(node, node.target, here, self.collapse):
                yield self.meant(node, node.target, here, self.expand), node.target, self.below(here)

    # ------------------------------------------------------------ what matches nothing

    def _is_found(self, i: int) -> bool:
        """Does glob `i` match any block?"""
        glob = self.globs[i]
        seen: set[tuple[int, int]] = set()
        stack = [(self.root, glob.start)]
        while stack:
            graph, state = stack.pop()
            for node in graph.nodes:
                if not isinstance(node.target, Graph):
                    continue
                here = glob.after(state, node.label)
                if here & glob.end or (node.target.kind == "block" and glob.matches(node.target.name)):
                    return True
                inside = glob.after(here, ".")
                if (id(node.target), inside) not in seen:
                    seen.add((id(node.target), inside))
                    stack.append((node.target, inside))
        return False

    def _unmatched(self, glob: Glob) -> str:
        from nndsl.elaborate.scope import nearest

        names, layers = _names(self.root)
        said = f"no block's path or name matches {glob.text!r}"
        if any(glob.matches(layer) for layer in layers):
            return f"{glob.text!r} matches only layers, which have nothing inside"
        if not names:
            return f"{said}: the model has no blocks"
        close = nearest(re.sub(r"[*?\[\]!]", "", glob.text).strip("."), names)
        if close is not None:
            return f"{said}; did you mean {close!r}?"
        shown = ", ".join(repr(name) for name in names[:SHOWN_NAMES])
        return f"{said}; there are {shown}{', …' if len(names) > SHOWN_NAMES else ''}"


def _union(states: Sequence[int]) -> int:
    found = 0
    for state in states:
        found |= state
    return found


def _names(root: Graph) -> tuple[list[str], list[str]]:
    """Names and paths of blocks, then those of layers; the outermost first, of a large model not all."""
    blocks: dict[str, None] = {}
    layers: dict[str, None] = {}
    row = [(root, "")]
    seen = {id(root)}
    while row and len(blocks) + len(layers) < MOST_NAMES:
        following: list[tuple[Graph, str]] = []
        for graph, prefix in row:
            for node in graph.nodes:
                known = blocks if node.is_call else layers
                known[prefix + node.label] = None
                if not isinstance(node.target, Graph):
                    layers[node.op.name] = None
                    continue
                if node.target.kind == "block":
                    blocks[node.target.name] = None
                if id(node.target) not in seen:
                    seen.add(id(node.target))
                    following.append((node.target, f"{prefix}{node.label}."))
        row = following
    return list(blocks), list(layers)
