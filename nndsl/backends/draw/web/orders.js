// Which operand of a sign is the first, as in orders.py: the left one, unless small numbers say otherwise.
const BEYOND = 9; // from an arrowhead's tip along its line, and from the line
const ABOVE = 7;
const UNDER = 5;
const BESIDE = 6.5;

/** Beside the lines that enter a circle: [x, y, run] with its middle. `at`: the middle of the circle's lower side;
 * `ends`: [flow, where its line ends]. */
export function numbers(leaf, at, ends, runs) {
  const order = [...ends].sort(([a], [b]) => a.headPort - b.headPort);
  if (order.length !== runs.length || new Set(order.map(([flow]) => flow.value)).size < order.length) return [];
  const [first, second] = order.map(([, [x, y]]) => [x, y < at[1] + leaf.middle / 2 ? at[1] : y]);
  if (second[0] - first[0] > 1) return [];
  const centre = [at[0], at[1] + leaf.middle];
  return [
    [...besideEnd(first, centre, second), runs[0]],
    [...besideEnd(second, centre, first), runs[1]],
  ];
}

function besideEnd(end, centre, other) {
  const [across, along] = [end[0] - centre[0], end[1] - centre[1]];
  if (Math.abs(across) < Math.abs(along)) {
    const isRight = end[0] > other[0] && Math.abs(other[0] - centre[0]) < Math.abs(along);
    return [end[0] + (isRight ? BESIDE : -BESIDE), end[1] - UNDER];
  }
  const same = (other[0] - centre[0]) * across > 0;
  return [end[0] + (across > 0 ? BEYOND : -BEYOND), end[1] + (same && other[1] > end[1] ? -ABOVE : ABOVE)];
}
