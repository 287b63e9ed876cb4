// Mouse and fingers on the picture of a neighbourhood: point, click, drag, pinch, Ctrl and the wheel.

const STILL = 4; // pixels that a click may move
const NEAR = { mouse: 3, touch: 12 }; // pixels around a node that count as it

/** `picture`: an EgoPicture. */
export function followPointer(picture) {
  const { plot } = picture;
  const down = new Map(); // pointers that are pressed, and where
  let went = 0;
  const place = (event) => {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const drag = (event, now, before) => {
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    went += gap(now, before);
    down.set(event.pointerId, now);
    if (other) picture.zoom(gap(now, other) / Math.max(1, gap(before, other)), other);
    else if (went > STILL) {
      plot.setPointerCapture(event.pointerId);
      picture.pan(now[0] - before[0], now[1] - before[1]);
    }
  };
  const click = (item, isMouse) => {
    const { cursor } = picture;
    const again = item && cursor?.position === item.position && Boolean(cursor.stub) === Boolean(item.stub);
    if (isMouse || again || item?.stub) picture.act(item);
    else picture.point(item); // a finger points first, and goes there when it taps again
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!down.size) went = 0;
    down.set(event.pointerId, place(event));
  });
  plot.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (before) drag(event, place(event), before);
    else if (event.pointerType === "mouse") picture.point(picture.under(place(event), NEAR.mouse));
  });
  plot.addEventListener("pointerup", (event) => {
    if (!down.delete(event.pointerId) || went > STILL) return;
    const isMouse = event.pointerType === "mouse";
    click(picture.under(place(event), isMouse ? NEAR.mouse : NEAR.touch), isMouse);
  });
  plot.addEventListener("pointercancel", (event) => down.delete(event.pointerId));
  plot.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "mouse") return;
    if (!plot.hasPointerCapture(event.pointerId)) down.delete(event.pointerId); // it may be let go elsewhere
    picture.point(null);
  });
  plot.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    picture.zoom(Math.exp(-0.01 * Math.max(-40, Math.min(40, event.deltaY))), place(event));
  });
}

const gap = ([x1, y1], [x2, y2]) => Math.hypot(x1 - x2, y1 - y2);
