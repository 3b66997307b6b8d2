"""Lines side by side, each the first that is free: found without looking at all that lie there, as in the page."""

from __future__ import annotations

import random

from nndsl.backends.draw.tracks import Tracks, Turn, arrange
from tests.backends.browser import run_layout
from tests.work import calls

TAKE = "(cases) => cases.map((spans) => { const tracks = new Tracks(); return spans.map((s) => tracks.take(...s)); })"
Spans = list[tuple[int, int]]


def some_spans(seed: int, count: int) -> Spans:
    rng = random.Random(seed)
    lows = [rng.randrange(5 * count) for _ in range(count)]
    return [(low, low + rng.randrange(1 + seed % 40)) for low in lows]


def first_fit(spans: Spans) -> list[int]:
    """By looking at everything."""
    taken: list[Spans] = []
    found = []
    for low, high in spans:
        at = next((t for t, used in enumerate(taken) if all(high < a or b < low for a, b in used)), len(taken))
        taken += [[]] * (at == len(taken))
        taken[at] = [*taken[at], (low, high)]
        found.append(at)
    return found


def test_python_and_the_page_take_the_first_free_track() -> None:
    cases = [some_spans(seed, 3 + seed) for seed in range(120)]
    expected = [first_fit(spans) for spans in cases]
    assert max(max(tracks) for tracks in expected) > 5
    for spans, tracks in zip(cases, expected, strict=True):
        made = Tracks()
        assert [made.take(low, high) for low, high in spans] == tracks
    assert run_layout(TAKE, cases) == expected


def test_what_lies_on_a_track_is_not_looked_at_one_by_one() -> None:
    spans = [(10 * i, 10 * i + 5) for i in range(2000)]
    made = Tracks()
    assert calls(lambda: [made.take(low, high) for low, high in spans]) < 12 * len(spans)


ARRANGE = """(cases) => cases.map((turns) => {
  const made = turns.map(([x, tops]) => Object.assign(new Turn(x), { tops }));
  const count = arrange(made, [], 1000);
  return [count, made.map(({ track, aside }) => [track, aside])];
})"""


def test_two_that_change_places_pass_each_other_aside() -> None:
    """Neither may lie above the other, so one rises aside, where nothing else goes up; the page does the same."""
    rng = random.Random(0)
    swapped: list[tuple[float, list[float]]] = [(0.0, [50.0]), (50.0, [0.0])]
    cases = [swapped, *([(50.0 * i, [50.0 * rng.randrange(8)]) for i in range(8)] for _ in range(60))]
    found = []
    for case in cases:
        turns = [Turn(x, tops) for x, tops in case if x not in tops]
        found.append([arrange(turns, [], 1000.0), [[t.track, list(t.aside) if t.aside else None] for t in turns]])
        for turn in turns:
            for other in turns:
                if other is not turn and other.x in turn.tops:
                    assert turn.track > (other.aside[1] if other.aside else other.track)
    assert found[0] == [3, [[2, [6.0, 0]], [1, None]]]
    assert run_layout(ARRANGE, [[turn for turn in case if turn[0] not in turn[1]] for case in cases]) == found
