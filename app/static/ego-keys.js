// Keys of the picture of a neighbourhood: arrows walk over its nodes, Enter goes to one, Backspace back.

/** `picture`: an EgoPicture. */
export function walkKeys(picture, onback) {
  const keys = {
    ArrowRight: () => picture.point(next(picture, 1)),
    ArrowLeft: () => picture.point(next(picture, -1)),
    ArrowUp: () => picture.point(across(picture, -1)),
    ArrowDown: () => picture.point(across(picture, 1)),
    Home: () => picture.point(picture.items[0]),
    Enter: () => picture.act(picture.cursor),
    Backspace: onback,
    "+": () => picture.zoom(1.4),
    "-": () => picture.zoom(1 / 1.4),
    0: () => picture.fit(),
    Escape: () => picture.point(null),
  };
  picture.plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || !picture.items) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
}

/** Clockwise from the top, ring after ring, a stub behind its node. */
function walked({ items, places }) {
  const turn = ({ position }) => {
    const [x, y] = places.get(position);
    return (Math.atan2(y, x) + 2.5 * Math.PI) % (2 * Math.PI);
  };
  return [...items].sort((a, b) => a.hop - b.hop || turn(a) - turn(b) || Number(Boolean(a.stub)) - Number(Boolean(b.stub)));
}

function here(picture, items) {
  const { cursor } = picture;
  return items.findIndex((item) => item.position === cursor?.position && Boolean(item.stub) === Boolean(cursor?.stub));
}

function next(picture, by) {
  const items = walked(picture);
  return items[(Math.max(0, here(picture, items)) + by + items.length) % items.length];
}

/** The nearest item one ring further out or in; where there is none, it stays. */
function across(picture, by) {
  const items = walked(picture);
  const now = items[Math.max(0, here(picture, items))];
  const gap = (item) => Math.hypot(item.at[0] - now.at[0], item.at[1] - now.at[1]);
  const others = items.filter((item) => !item.stub && item.hop === now.hop + by);
  return others.length ? others.reduce((best, item) => (gap(item) < gap(best) ? item : best)) : now;
}
