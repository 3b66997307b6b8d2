"""Captions of frames that are cut: in full in the first strip, then by name with "(continued)"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise, takewhile
from typing import TypeAlias

from nndsl.backends.draw.captions import ASIDE, BELOW, CAPTION_LINE, INSET
from nndsl.backends.draw.metrics import shortened, text_width
from nndsl.backends.draw.scene import Cluster, Scene, Text
from nndsl.backends.draw.style import Font

CONTINUED = " (continued)"
SIZE = 10.5
LEAST_NAME = 3

Place: TypeAlias = tuple[float, float]


@dataclass(slots=True)
class Heading:
    """Texts, from the upper left corner of what they take."""

    texts: list[Text]
    width: float
    height: float

    def at(self, x: float, y: float) -> list[Text]:
        return [replace(text, x=x + text.x, y=y + text.y) for text in self.texts]


def full(frame: Cluster) -> Heading:
    left, top = min(text.x for text in frame.texts), min(text.y for text in frame.texts) - CAPTION_LINE
    texts = [replace(text, x=text.x - left, y=text.y - top) for text in frame.texts]
    return _heading(texts)


def continued(frame: Cluster, font: Font, places: list[Place]) -> Heading | None:
    """Its name and "(continued)" in the first place that has room for both, else in two places, else the name gives way
    in the widest; None: all are too narrow."""
    names = list(takewhile(lambda text: text.bold, frame.texts))
    again = Text(0.0, 0.0, CONTINUED, SIZE, text_width(CONTINUED, SIZE, False, font), False, "grey")
    told = _first(places, _length([*names, again]))
    if told is not None:
        return _heading(_in_line([*names, again], told))
    name, note = _first(places, _length(names)), _first(places[::-1], again.width)
    if name is not None and note is not None and note > name:
        return _heading([*_in_line(names, name), *_in_line([again], note)])
    start, end = max(places, key=lambda place: place[1] - place[0])
    for length in range(len(names[0].text) - 1, LEAST_NAME - 1, -1):
        word = shortened(names[0].text, length)
        texts = [replace(names[0], text=word, width=text_width(word, names[0].size, True, font)), *names[1:], again]
        if _length(texts) <= end - start:
            return _heading(_in_line(texts, start))
    return None


def _first(places: list[Place], width: float) -> float | None:
    return next((start for start, end in places if end - start >= width), None)


def _length(texts: list[Text]) -> float:
    return sum(text.width for text in texts)


def _in_line(texts: list[Text], x: float) -> list[Text]:
    starts = accumulate((text.width for text in texts[:-1]), initial=x)
    return [replace(text, x=start, y=CAPTION_LINE) for text, start in zip(texts, starts, strict=True)]


def _heading(texts: list[Text]) -> Heading:
    width = max((text.x + text.width for text in texts), default=0.0)
    return Heading(texts, width, max(text.y for text in texts) + BELOW / 2)


def free(left: float, right: float, wires: Iterable[float]) -> list[Place]:
    """Where letters may stand in a frame: from its left side, between the upright wires, to its right side."""
    stops = [left + INSET - ASIDE, *sorted(x for x in wires if left < x < right), right - INSET + ASIDE]
    return [(a + ASIDE, b - ASIDE) for a, b in pairwise(stops)]


def crossing(scene: Scene, y: float) -> set[float]:
    """The upright wires that pass a height of the page."""
    lines = (line for wire in scene.wires for line in pairwise(wire.points))
    return {ax for (ax, ay), (bx, by) in lines if abs(ax - bx) < 0.05 and min(ay, by) <= y <= max(ay, by)}
