// How is looked: the CLIP, its template, how closely, what classifies; and the generated scenes. Choices come from the method's schema.

import { h } from "./core.js";
import { CLASSIFIERS, MARGINS, MERGES } from "./look-data.js";

const WORLD = "scenes";

const field = (title, input, note = "") => h("label.field", { title: note }, title, input);
const options = (pairs, value) => h("select", {}, ...pairs.map(([key, words]) => h("option", { value: key, selected: key === value }, words)));
const number = (schema, value) => h("input", { type: "number", min: schema.minimum, max: schema.maximum, value });

/** Gives {node, values(), warn(own)}: the values as the method's settings. */
export function lookSettings(method, onchange) {
  const { properties } = method.schema;
  const presets = Object.entries(method.presets).filter(([, { values }]) => "scales" in values);
  const models = h("datalist", { id: "try-models" }, ...(properties.model.examples ?? []).map((value) => h("option", { value })));
  const model = h("input", { value: properties.model.default, spellcheck: false });
  model.setAttribute("list", "try-models");
  const pretrained = h("input", { value: properties.pretrained.default, placeholder: "openai", spellcheck: false });
  const template = h("input", { value: "", placeholder: "a photo of a {}.", spellcheck: false });
  const closely = options(presets.map(([key, { title, values }]) => [key, `${title}: ${crops(values)} crops a picture`]), presets[0]?.[0]);
  const margin = options(Object.entries(MARGINS), properties.margin.default);
  const merge = options(Object.entries(MERGES), properties.merge_norm.default);
  const known = properties.classifiers.items.enum;
  const boxes = known.map((name) => h("input", { type: "checkbox", value: name, checked: properties.classifiers.default.includes(name) }));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  closely.addEventListener("change", () => {
    merge.value = method.presets[closely.value].values.merge_norm ?? properties.merge_norm.default;
  });
  const world = h("p.fine.worldnote", { role: "note", hidden: true }, "The small world's CLIP knows coloured shapes and nothing else. For photographs name a CLIP of open_clip and its weights (ViT-B-32-quickgelu and openai), a folder on the worker's machine, or a hub id.");
  const node = h(
    "div.trysettings",
    { onchange, oninput: onchange },
    h(
      "div.fieldgrid",
      {},
      field("CLIP", model, properties.model.description),
      field("Weights", pretrained, properties.pretrained.description),
      field("Template", template, properties.template.description),
      field("How closely", closely),
      field("Margin of", margin, properties.margin.description),
      field("Merge", merge, properties.merge_norm.description),
    ),
    models,
    world,
    h("fieldset.checks2", {}, h("legend", {}, "Classifiers"), ...known.map((name, place) => h("label.check", {}, boxes[place], CLASSIFIERS[name] ?? name))),
  );
  const values = () => ({
    ...(method.presets[closely.value]?.values ?? {}),
    model: model.value.trim(),
    pretrained: pretrained.value.trim(),
    template: template.value.trim(),
    margin: margin.value,
    merge_norm: merge.value,
    classifiers: chosen(),
  });
  return { node, values, warn: (own) => (world.hidden = !(own && model.value.trim() === WORLD)), crops: () => crops(values()) };
}

/** Passes of the encoder for a picture. */
function crops({ scales, views, whole }) {
  return scales.filter((scale) => scale < 1).length * views + (whole === "ten_crop" ? 10 : 1);
}

/** Generated scenes: which, how many, and their classes. Gives {node, values()}. */
export function sceneSettings(method, onchange) {
  const { properties } = method.schema;
  const kinds = properties.scene_kind.enum.map((kind) => [kind, kind]);
  const kind = options(kinds, properties.scene_kind.default);
  const count = number(properties.scene_number, properties.scene_number.default);
  const shots = number(properties.scene_shots, properties.scene_shots.default);
  const seed = number(properties.scene_seed, properties.scene_seed.default);
  const classes = h("textarea", { rows: 4, placeholder: "empty: all 48 coloured shapes\nred circle\nblue star", spellcheck: false });
  const node = h(
    "div.tryscenes",
    { onchange, oninput: onchange },
    h("p.muted", {}, "Pictures of one coloured shape, drawn here, with the CLIP of the small world that was trained on such. Its tiny shapes are smaller than any that it has seen, so that there is something to gain."),
    h("div.fieldgrid", {}, field("Kind of scene", kind, properties.scene_kind.description), field("Pictures", count), field("Shots per class", shots, properties.scene_shots.description), field("Seed", seed)),
    field("Class names, one a line", classes),
  );
  const values = () => ({ pictures: WORLD, scene_kind: kind.value, scene_number: Number(count.value), scene_shots: Number(shots.value), scene_seed: Number(seed.value), classes: classes.value });
  return { node, values };
}
