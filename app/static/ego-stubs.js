// "+n more" beside nodes that have hidden neighbours, where there is room for it.

const CROWDED = 5500; // square pixels for each node, below which only the centre has one: names say more
const HALF = [17, 9]; // its size
const TURNS = [0, 0.9, -0.9, 1.8, -1.8]; // where it stands, from away of the centre

/** `picture`: an EgoPicture; `size(position)` is how far a node reaches. Gives [{position, hidden, hop, at}]. */
export function stubs(picture, size) {
  const { ego, places, nodes, view, fitted, width, height } = picture;
  const taken = ego.nodes.map(({ position }) => box(picture.at(position), size(position), size(position)));
  const inside = ([x, y]) => x > HALF[0] && y > HALF[1] && x < width - HALF[0] && y < height - HALF[1];
  return wanted(ego, (width * height * (view.scale / fitted) ** 2) / ego.nodes.length).flatMap(({ position, hidden }) => {
    const [x, y] = places.get(position);
    const away = x || y ? Math.atan2(y, x) : -Math.PI / 3;
    const [px, py] = picture.at(position);
    const spots = TURNS.map((turn) => [px + (size(position) + 21) * Math.cos(away + turn), py + (size(position) + 15) * Math.sin(away + turn)]);
    const at = spots.find((spot) => inside(spot) && !taken.some((other) => meet(other, box(spot, ...HALF))));
    if (!at) return [];
    taken.push(box(at, ...HALF));
    return [{ position, hidden, hop: nodes.get(position).hop, at }];
  });
}

/** That of the centre first, then those of the nodes that have most. */
function wanted({ more, centre }, room) {
  const own = ({ position }) => position === centre;
  return Object.entries(more)
    .map(([key, hidden]) => ({ position: Number(key), hidden }))
    .filter((stub) => room >= CROWDED || own(stub))
    .sort((a, b) => Number(own(b)) - Number(own(a)) || b.hidden - a.hidden);
}

const box = ([x, y], wide, high) => [x - wide, y - high, x + wide, y + high];
const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
