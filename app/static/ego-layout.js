// Where the nodes of a neighbourhood stand: rings by distance from the centre, then springs and repulsion. The same
// neighbourhood always looks the same: nothing is drawn by chance.

const STEPS = 220;
const GAP = 30; // of two nodes, about
const RING = 96; // between a ring and the next, at least
const CROWDED = 26; // nodes on a ring from which on every second one steps back

/**
 * `nodes`: [{position, hop}], the centre has hop 0; `links`: [[position, position], ...]. Gives a Map of position to
 * [x, y] with the centre at [0, 0]. Nodes in `held`, a Map of the same kind, start from where they stood.
 */
export function layout(nodes, links, held = new Map()) {
  const near = neighbours(nodes, links);
  const targets = radii(nodes);
  const place = held.size ? beside(nodes, near, held) : rings(nodes, near, targets);
  const at = nodes.map(({ position }) => [...place.get(position)]);
  const index = new Map(nodes.map(({ position }, number) => [position, number]));
  const springs = links.map(([a, b]) => [index.get(a), index.get(b)]).filter(([a, b]) => a !== undefined && b !== undefined && a !== b);
  const centre = nodes.findIndex(({ hop }) => hop === 0);
  for (let step = 0; step < STEPS; step += 1) move(at, springs, targets, centre, 0.9 * (1 - step / STEPS) + 0.05);
  return new Map(nodes.map(({ position }, number) => [position, at[number]]));
}

function neighbours(nodes, links) {
  const near = new Map(nodes.map(({ position }) => [position, new Set()]));
  for (const [a, b] of links) {
    if (a === b) continue;
    near.get(a)?.add(b);
    near.get(b)?.add(a);
  }
  return near;
}

/** How far from the centre each node belongs. */
function radii(nodes) {
  const rings = new Map();
  for (const { hop } of nodes) rings.set(hop, (rings.get(hop) ?? 0) + 1);
  const radius = new Map([[0, 0]]);
  let last = 0;
  for (const hop of [...rings.keys()].filter(Boolean).sort((a, b) => a - b)) {
    last = Math.max(last + RING, (rings.get(hop) * GAP) / (2 * Math.PI) / (rings.get(hop) > CROWDED ? 1.6 : 1));
    radius.set(hop, last);
  }
  const seen = new Map();
  return nodes.map(({ hop }) => {
    const nth = seen.get(hop) ?? 0;
    seen.set(hop, nth + 1);
    const back = hop && rings.get(hop) > CROWDED && nth % 2 ? 44 : 0;
    return radius.get(hop) + back;
  });
}

/** On each ring, nodes that are linked stand beside each other, and those further out near whom they hang on. */
function rings(nodes, near, targets) {
  const angle = new Map();
  const place = new Map();
  const hops = [...new Set(nodes.map(({ hop }) => hop))].sort((a, b) => a - b);
  const target = new Map(nodes.map(({ position }, number) => [position, targets[number]]));
  for (const hop of hops) {
    const ring = nodes.filter((node) => node.hop === hop).map(({ position }) => position);
    const ordered = hop < 2 ? chain(ring, near) : hanging(ring, near, angle);
    ordered.forEach((position, number) => {
      const turn = (2 * Math.PI * number) / ordered.length - (ordered.length > 2 ? Math.PI / 2 : 0);
      angle.set(position, turn);
      place.set(position, [target.get(position) * Math.cos(turn), target.get(position) * Math.sin(turn)]);
    });
  }
  return place;
}

/** Depth first over the links within the ring, so that a clique becomes an arc. */
function chain(ring, near) {
  const left = new Set(ring);
  const ordered = [];
  const visit = (position) => {
    left.delete(position);
    ordered.push(position);
    for (const next of ring) if (left.has(next) && near.get(position).has(next)) visit(next);
  };
  for (const position of ring) if (left.has(position)) visit(position);
  return ordered;
}

function hanging(ring, near, angle) {
  const towards = (position) => {
    const turns = [...near.get(position)].map((other) => angle.get(other)).filter((turn) => turn !== undefined);
    const sum = (of) => turns.reduce((total, turn) => total + of(turn), 0);
    return turns.length ? Math.atan2(sum(Math.sin), sum(Math.cos)) : 0;
  };
  const turned = (turn) => (turn + Math.PI / 2 + 4 * Math.PI) % (2 * Math.PI); // from the top, clockwise
  const wish = new Map(ring.map((position) => [position, turned(towards(position))]));
  return [...ring].sort((a, b) => wish.get(a) - wish.get(b));
}

/** Newcomers start around the one they hang on, away from the centre. */
function beside(nodes, near, held) {
  const place = new Map(held);
  let nth = 0;
  for (const { position } of nodes) {
    if (place.has(position)) continue;
    const [x, y] = place.get([...near.get(position)].find((other) => place.has(other))) ?? [0, 0];
    const turn = Math.atan2(y, x) + ((nth % 7) - 3) * 0.25;
    place.set(position, [x + (GAP + 6 * nth) * Math.cos(turn), y + (GAP + 6 * nth) * Math.sin(turn)]);
    nth += 1;
  }
  return place;
}

/** One step, no node further than `most` times the gap. */
function move(at, springs, targets, centre, most) {
  const push = at.map(() => [0, 0]);
  for (let a = 0; a < at.length; a += 1)
    for (let b = a + 1; b < at.length; b += 1) {
      const [dx, dy] = [at[a][0] - at[b][0] || 0.01 * (b - a), at[a][1] - at[b][1] || 0.01];
      const gap = Math.max(4, Math.hypot(dx, dy));
      const force = (0.5 * GAP * GAP) / gap / gap + (gap < GAP ? (GAP - gap) / gap : 0) / 2;
      add(push[a], dx * force, dy * force);
      add(push[b], -dx * force, -dy * force);
    }
  for (const [a, b] of springs) {
    if (a === centre || b === centre) continue; // the ring holds these
    const [dx, dy] = [at[b][0] - at[a][0], at[b][1] - at[a][1]];
    const force = 0.02 * (1 - (1.6 * GAP) / Math.max(4, Math.hypot(dx, dy)));
    add(push[a], dx * force, dy * force);
    add(push[b], -dx * force, -dy * force);
  }
  at.forEach((point, number) => {
    if (number === centre) return;
    const away = Math.max(1, Math.hypot(...point));
    const radial = (0.25 * (targets[number] - away)) / away;
    const step = [push[number][0] + radial * point[0], push[number][1] + radial * point[1]];
    const size = Math.hypot(...step);
    const by = Math.min(1, (most * GAP) / (size || 1));
    add(point, step[0] * by, step[1] * by);
  });
}

function add(point, x, y) {
  point[0] += x;
  point[1] += y;
}
