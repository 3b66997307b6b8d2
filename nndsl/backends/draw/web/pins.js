// Where lines leave a box and where they enter it, as in pins.py: apart, and in the order of where they go.
export const PIN = 14; // between wires that enter one box
export const AT_CIRCLE = 8; // between those that enter a circle
const MOST_STRAIGHT = 3; // of lines between a box and a circle
const CORNER = 6; // between the last wire and the end of a side

/** Places for `count` wires around the middle of a side, or from the middle to the right. */
export function spread(count, half, fromMiddle = false, pin = PIN) {
  if (count <= 1) return count ? [0] : [];
  const all = Array.from({ length: count }, (_, i) => i);
  if (fromMiddle) {
    const step = Math.min(PIN, Math.max(half - CORNER, 4) / (count - 1));
    return all.map((i) => step * i);
  }
  const step = Math.min(pin, Math.max(half * 2 - 10, 8) / (count - 1));
  return all.map((i) => step * (i - (count - 1) / 2));
}

/** The values of a box leave it below where they go, as far as it reaches. `toward`: where each flow goes. */
export function leave(exits, flows, toward, axis, half) {
  const aims = new Map();
  const now = new Map();
  for (const [flow, x] of toward) {
    const { value } = flows[flow];
    if (!aims.has(value) || Math.abs(x - axis) < Math.abs(aims.get(value))) aims.set(value, x - axis);
    now.set(value, exits.get(flow));
  }
  if (aims.size < 2) return;
  const order = [...aims.keys()].sort((a, b) => aims.get(a) - aims.get(b) || now.get(a) - now.get(b));
  const places = apart(order.map((value) => aims.get(value)), Math.max(half - CORNER, 4));
  const found = new Map(order.map((value, i) => [value, places[i]]));
  for (const [flow] of toward) exits.set(flow, axis + found.get(flows[flow].value));
}

/** Two or three values that all go into one circle go straight up. */
export function leaveForCircle(exits, flows, axis) {
  const places = new Map([...exits].map(([flow, x]) => [flows[flow].value, x]));
  if (places.size < 2 || places.size > MOST_STRAIGHT) return;
  const order = [...places.keys()].sort((a, b) => places.get(a) - places.get(b));
  const found = new Map(order.map((value, i) => [value, axis + AT_CIRCLE * (i - (order.length - 1) / 2)]));
  for (const [flow] of [...exits]) exits.set(flow, found.get(flows[flow].value));
}

/** Do lines from here go straight into a circle, in the order in which they are given? */
export function goStraight(places) {
  const reach = (AT_CIRCLE * (MOST_STRAIGHT - 1)) / 2 + 0.01;
  const isApart = places.every((x, i) => i === 0 || x - places[i - 1] > AT_CIRCLE - 0.01);
  return places.length > 1 && isApart && places.every((x) => Math.abs(x) <= reach);
}

/** As near as can be to their aims, which increase; the one that is nearest to the middle comes first. */
function apart(aims, reach) {
  const last = aims.length - 1;
  const step = Math.min(PIN, (2 * reach) / last);
  let first = 0;
  for (let i = 1; i <= last; i += 1) if (Math.abs(aims[i]) < Math.abs(aims[first])) first = i;
  const places = aims.map((aim, i) => Math.min(Math.max(aim, step * i - reach), reach - step * (last - i)));
  for (let i = first + 1; i <= last; i += 1) places[i] = Math.max(places[i], places[i - 1] + step);
  for (let i = first - 1; i >= 0; i -= 1) places[i] = Math.min(places[i], places[i + 1] - step);
  return places;
}
