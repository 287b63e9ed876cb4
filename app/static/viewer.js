// Two images over each other: a slider to drag or move with the arrows, a flip between them, and where they differ.

import { h } from "./core.js";

export function viewer() {
  const below = h("img", { alt: "" });
  const above = h("img", { alt: "" });
  const map = h("canvas", { hidden: true, role: "img" });
  const edge = h("i.edge", { "aria-hidden": "true" });
  const range = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": "Share of the first image shown, in percent",
    oninput: () => place(range.value),
  });
  const stage = h("div.stage", {}, below, above, map, edge);
  const names = [h("span.a"), h("span.b")];
  const said = h("p.offscreen", { "aria-live": "polite" });
  const difference = h("p.muted");
  const strength = h(
    "select",
    { onchange: () => setMode(mode) },
    h("option", { value: "" }, "as far as it goes"),
    ...[1, 2, 4, 8, 16].map((times) => h("option", { value: times }, times === 1 ? "not at all" : `${times} times`)),
  );
  const amplified = h("label.field.inline", { hidden: true }, "Brightened", strength);
  const modes = ["Slider", "Flip", "Difference"].map((name) =>
    h(
      "button.chip",
      { type: "button", "aria-pressed": String(name === "Slider"), onclick: () => setMode(name) },
      name,
    ),
  );
  const flipper = h("button.button", { type: "button", hidden: true, onclick: () => flip() }, "Flip (space)");
  const swap = h("button.button", { type: "button", onclick: () => pair && show(pair[1], pair[0]) }, "Swap");
  const node = h(
    "div.viewer",
    { hidden: true },
    h("div.chips", { role: "group", "aria-label": "How to compare" }, ...modes),
    stage,
    range,
    h("div.names", {}, ...names),
    difference,
    amplified,
    h("div.actions", {}, flipper, swap),
    said,
  );
  let mode = "Slider";
  let pair = null;

  function place(percent) {
    above.style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
    edge.style.left = `${percent}%`;
  }

  function setMode(name) {
    mode = name;
    for (const chip of modes) chip.setAttribute("aria-pressed", String(chip.textContent === name));
    range.hidden = edge.hidden = mode !== "Slider";
    flipper.hidden = mode !== "Flip";
    map.hidden = amplified.hidden = mode !== "Difference";
    difference.textContent = "";
    above.style.visibility = "";
    place(mode === "Slider" ? range.value : 100);
    if (mode === "Difference")
      subtract().catch(() => (difference.textContent = "The images could not be read."));
  }

  function flip() {
    const first = above.style.visibility === "hidden";
    above.style.visibility = first ? "" : "hidden";
    said.textContent = pair[first ? 0 : 1].label;
  }

  /** Mean absolute difference over the channels, dark where the images are alike. */
  async function subtract() {
    await Promise.all([below.decode(), above.decode()]);
    if (below.naturalWidth !== above.naturalWidth || below.naturalHeight !== above.naturalHeight) {
      map.hidden = true;
      difference.textContent = "They differ in size.";
      return;
    }
    [map.width, map.height] = [below.naturalWidth, below.naturalHeight];
    const pen = map.getContext("2d", { willReadFrequently: true });
    const [a, b] = [above, below].map((image) => {
      pen.drawImage(image, 0, 0);
      return pen.getImageData(0, 0, map.width, map.height).data;
    });
    const gaps = Float32Array.from({ length: a.length / 4 }, (_, pixel) => {
      const apart = (channel) => Math.abs(a[4 * pixel + channel] - b[4 * pixel + channel]);
      return (apart(0) + apart(1) + apart(2)) / 3;
    });
    const largest = gaps.reduce((most, gap) => Math.max(most, gap), 0);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const out = pen.createImageData(map.width, map.height);
    gaps.forEach((gap, pixel) => {
      const light = strength.value ? Math.min(255, gap * strength.value) : largest && (255 * gap) / largest;
      out.data.set([light, Math.max(0, 2 * light - 255), 40, 255], 4 * pixel);
    });
    pen.putImageData(out, 0, 0);
    difference.textContent = largest
      ? `Mean difference ${mean.toFixed(2)}, largest ${largest.toFixed(1)} of 255${strength.value ? "" : "; the brightest point is the largest"}.`
      : "The two images are the same.";
    map.setAttribute("aria-label", difference.textContent);
  }

  function show(first, second) {
    pair = [first, second];
    node.hidden = false;
    [above.src, below.src] = [first.url, second.url];
    [above.alt, below.alt] = [first.label, second.label];
    const told = (image, words) => [words, image.figures ? h("small.muted", {}, image.figures) : ""];
    names[0].replaceChildren(...told(first, `◧ ${first.label}`));
    names[1].replaceChildren(...told(second, `${second.label} ◨`));
    setMode(mode);
  }

  const drag = (event) => {
    const box = stage.getBoundingClientRect();
    range.value = Math.max(0, Math.min(100, ((event.clientX - box.left) / box.width) * 100));
    place(range.value);
  };
  stage.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (mode === "Flip") return flip();
    if (mode !== "Slider") return undefined;
    stage.setPointerCapture(event.pointerId);
    range.focus({ preventScroll: true });
    drag(event);
    return undefined;
  });
  stage.addEventListener("pointermove", (event) => stage.hasPointerCapture(event.pointerId) && drag(event));
  node.addEventListener("keydown", (event) => {
    if (event.key !== " " || mode !== "Flip" || event.target.matches(".chip")) return;
    event.preventDefault();
    flip();
  });
  place(50);
  return { node, show };
}
