// <v-pairs-format>: the formats of preference data side by side, and a box that says what a file of one's own holds.

import { ApiError, Element, api, h, copy } from "./core.js";
import { found } from "./pairs-found.js";
import { upload } from "./upload.js";

const FILES = ".jsonl,.json,.parquet,.zip";

class PairsFormat extends Element {
  async start(signal) {
    this.signal = signal;
    this.formats = await api("pairs/formats", { signal });
    this.result = h("div.found", { role: "status" });
    this.replaceChildren(this.box(), this.result, h("h3", {}, "The four formats"), this.cards());
  }

  box() {
    this.pairs = h("input", { placeholder: "file or folder on this machine, run_id/file, or scenes", autocomplete: "off", spellcheck: false });
    this.images = h("input", { placeholder: "folder or zip; empty: beside the data", autocomplete: "off", spellcheck: false });
    const options = [["auto", "tell by the columns"], ...this.formats.map((each) => [each.name, each.title])];
    this.format = h("select", {}, ...options.map(([value, title]) => h("option", { value }, title)));
    const form = h(
      "form.dropbox",
      { onsubmit: (event) => (event.preventDefault(), this.look()) },
      h(
        "p",
        {},
        h("b", {}, "What is in your file? "),
        "Drop it here, choose it, or name one that this machine has: you see its format, every broken row, and the first pairs as they will be read. Nothing is trained.",
      ),
      h(
        "div.fieldgrid",
        {},
        h("div.field.grow", {}, h("label.field", {}, "Pairs", this.pairs), chooser("Choose a file", FILES, (file) => this.take(file))),
        h("div.field.grow", {}, h("label.field", {}, "Images", this.images), chooser("Choose a zip of images", ".zip", (file) => this.takeImages(file))),
        h("label.field", {}, "Format", this.format),
        h("button.button.primary", { type: "submit" }, "Look at it"),
      ),
    );
    this.droppable(form);
    return form;
  }

  droppable(form) {
    const over = (on) => (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      form.classList.toggle("over", on);
    };
    form.addEventListener("dragover", over(true));
    form.addEventListener("dragleave", over(false));
    form.addEventListener("drop", (event) => {
      over(false)(event);
      const [file] = event.dataTransfer.files;
      if (file) this.take(file);
    });
  }

  /** Keep a file and look at it. */
  async take(file) {
    await this.working(`Bringing ${file.name} …`, async () => {
      const kept = await upload(file, "pairs", this.signal);
      this.pairs.value = kept.sha256;
      this.called = { sha256: kept.sha256, name: file.name };
      await this.show();
    });
  }

  async takeImages(file) {
    await this.working(`Bringing ${file.name} …`, async () => {
      this.images.value = (await upload(file, "images", this.signal)).sha256;
      if (this.pairs.value.trim()) await this.show();
      else this.result.replaceChildren(h("p.muted", {}, `${file.name} is there. Now the pairs.`));
    });
  }

  async look() {
    if (!this.pairs.value.trim()) {
      this.pairs.focus();
      return;
    }
    await this.working("Looking at it …", () => this.show());
  }

  async show() {
    const source = { pairs: this.pairs.value.trim(), format: this.format.value, images: this.images.value.trim() };
    const seen = await api("pairs/preview", { method: "POST", body: source, signal: this.signal });
    const name = this.called?.sha256 === source.pairs ? this.called.name : seen.name;
    this.result.replaceChildren(...found({ ...seen, name }, source, this.formats));
  }

  /** Only what was asked for last is shown, and what went wrong in its place. */
  async working(words, work) {
    const turn = (this.turn = {});
    this.result.replaceChildren(h("p.muted", {}, words));
    this.result.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      if (error.name === "AbortError" || this.turn !== turn) return;
      if (!(error instanceof ApiError)) console.error(error);
      this.result.replaceChildren(h("div.notice.bad", { role: "alert" }, h("strong", {}, "It cannot be read"), h("p", {}, error.message)));
    } finally {
      if (this.turn === turn) this.result.removeAttribute("aria-busy");
    }
  }

  cards() {
    return h("div.formats", {}, ...this.formats.map(card));
  }
}

/** A button that opens the machine's own dialog. */
function chooser(label, accept, onfile) {
  const input = h("input", { type: "file", accept, hidden: true, "aria-label": label, tabIndex: -1 });
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // the same file may be chosen again, after it was mended
    if (file) onfile(file);
  });
  return h("span", {}, input, h("button.button", { type: "button", onclick: () => input.click() }, label));
}

function card(format) {
  const examples = Object.entries(format.examples);
  return h(
    "section.card",
    { "aria-label": format.title },
    h("h4", {}, format.title),
    h("p.fine", {}, h("b", {}, "Columns: "), format.needs),
    h("p.fine.muted", {}, format.text),
    ...examples.map(([name, row]) => example(format.title, name, row)),
  );
}

function example(title, name, row) {
  const line = JSON.stringify(row);
  return h(
    "figure",
    {},
    h(
      "figcaption",
      {},
      h("span", {}, name),
      h("button.button.quiet", { type: "button", "aria-label": `Copy the row: ${title}, ${name}`, onclick: () => copy(line) }, "Copy the row"),
    ),
    h("pre", { tabIndex: 0, "aria-label": `${title}: ${name}` }, JSON.stringify(row, null, 2)),
  );
}

customElements.define("v-pairs-format", PairsFormat);
