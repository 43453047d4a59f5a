// A small editor for a function: line numbers, and what is wrong at its line.

import { h, setText } from "./dom.js";

const ELSEWHERE = "It was changed elsewhere meanwhile: Apply puts this in its place, Undo shows that.";
const HINT = "def run(x):\n    return x\n";

/** `apply(source)` stores it, or throws. Tab leaves the field, as everywhere. */
export class Editor {
  #stored = null;
  #sent = null;
  #elsewhere = false;
  #error = null;

  constructor(label, apply) {
    this.numbers = h("div", { class: "numbers", "aria-hidden": "true" });
    this.problem = h("p", { class: "problem", role: "status" });
    this.problem.id = `problem-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    this.area = h("textarea", {
      class: "source", rows: 3, wrap: "off", spellcheck: "false", placeholder: HINT, autocapitalize: "off",
      readonly: true, // until it is known what the hub has
      "aria-label": label, "aria-describedby": this.problem.id,
      oninput: () => this.#changed(),
      onscroll: () => { this.numbers.scrollTop = this.area.scrollTop; },
    });
    this.save = h("button", { type: "button", class: "primary", disabled: true, onclick: () => this.#save(apply) }, "Apply");
    this.reset = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => this.#put(this.#stored) }, "Undo");
    this.element = h("div", { class: "editor" },
      h("div", { class: "code" }, this.numbers, this.area), this.problem,
      h("div", { class: "row" }, this.save, this.reset));
    this.#changed();
  }

  /** What the hub has, and what went wrong with it; typing that is not stored stays. */
  update(source, error) {
    if (source !== this.#stored) {
      const untouched = this.#stored === null || this.area.value === this.#stored;
      this.#stored = source;
      this.area.readOnly = false;
      this.#elsewhere = ![this.#sent, this.area.value].includes(source);
      if (untouched) this.#put(source);
    }
    this.#error = error;
    this.#mark(error);
    this.#changed();
  }

  #put(source) {
    this.area.value = source;
    this.#elsewhere = false;
    this.#mark(this.#error);
    this.#changed();
  }

  #changed() {
    const lines = Math.max(1, this.area.value.split("\n").length);
    this.area.rows = Math.min(16, Math.max(3, lines));
    if (this.numbers.children.length !== lines) {
      this.numbers.replaceChildren(...Array.from({ length: lines }, (_, n) => h("span", {}, String(n + 1))));
      this.#highlight();
    }
    const dirty = this.#stored !== null && this.area.value !== this.#stored;
    this.save.disabled = !dirty;
    this.reset.hidden = !dirty;
  }

  #mark(error) {
    this.line = error?.line ?? null;
    setText(this.problem, error?.msg ?? (this.#elsewhere ? ELSEWHERE : ""));
    this.area.setAttribute("aria-invalid", String(Boolean(error)));
    this.#highlight();
  }

  #highlight() {
    [...this.numbers.children].forEach((number, place) => {
      number.classList.toggle("wrong", place + 1 === this.line);
    });
  }

  async #save(apply) {
    const source = this.#sent = this.area.value;
    this.save.setAttribute("aria-busy", "true");
    try {
      await apply(source);
      this.#stored = source; // typing may have gone on
      this.#elsewhere = false;
      this.#mark(null);
    } catch (error) {
      this.#mark({ msg: error.message });
    } finally {
      this.save.setAttribute("aria-busy", "false");
      this.#changed();
    }
  }
}
