// A shared page works without this; with it, two images of the grid go under a slider.

import { viewer } from "./viewer.js";

const look = viewer();
const images = [...document.querySelectorAll("table.grid img")];
const picked = [];

function pick(button) {
  if (picked.length === 2) picked.shift();
  if (picked.at(-1) !== button) picked.push(button);
  for (const image of images)
    image.parentElement.setAttribute("aria-pressed", String(picked.includes(image.parentElement)));
  if (picked.length === 2)
    look.show(...picked.map(({ firstElementChild: image }) => ({ url: image.src, label: image.alt })));
}

for (const image of images) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "cell";
  button.setAttribute("aria-label", `${image.alt}; choose for the slider`);
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => pick(button));
}

if (images.length > 1) {
  document.getElementById("viewer").append(look.node);
  document.querySelector(".scripted").hidden = false;
  const columns = document.querySelectorAll("table.grid thead th").length - 1;
  pick(images[0].parentElement);
  pick((images[columns] ?? images[1]).parentElement);
}
