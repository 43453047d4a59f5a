// What can be made to happen to a virtual board.

import { h, setAttribute, setText } from "./dom.js";

export class Faults {
  #rows = new Map();

  constructor(power) {
    this.power = power;
    this.list = h("ul", { class: "faults" });
    this.element = h("section", { class: "card", "aria-label": "Faults", hidden: true },
      h("h2", {}, "Faults"), this.list);
  }

  /** `kinds`: all that there are; `board.faults`: the value of each that is set. */
  update(kinds, board) {
    this.element.hidden = !kinds.length;
    for (const kind of kinds) {
      if (!this.#rows.has(kind.name)) {
        const row = new Row(kind, this.power);
        this.#rows.set(kind.name, row);
        this.list.append(row.element);
      }
      this.#rows.get(kind.name).update(board);
    }
  }
}

class Row {
  constructor(kind, power) {
    this.kind = kind;
    this.power = power;
    this.value = kind.unit === null ? null : h("input", {
      type: "number", min: 0, step: "any", value: String(kind.default ?? ""),
      "aria-label": `${kind.title}: ${kind.unit}`,
    });
    this.button = h("button", { type: "button", onclick: () => this.#toggle() }, kind.momentary ? "Now" : "Set");
    this.button.setAttribute("aria-label", `${kind.title}: ${this.button.textContent}`);
    this.element = h("li", {},
      h("div", {}, h("h3", {}, kind.title), h("p", { class: "under" }, kind.what)),
      this.value ? h("label", { class: "check" }, this.value, h("small", {}, kind.unit)) : null, this.button);
  }

  update(board) {
    this.set = this.kind.name in (board.faults ?? {});
    this.button.disabled = board.state === "off";
    if (this.kind.momentary) return;
    const label = this.set ? "Clear" : "Set";
    setText(this.button, label);
    setAttribute(this.button, "aria-label", `${this.kind.title}: ${label}`);
    setAttribute(this.button, "aria-pressed", String(this.set));
  }

  async #toggle() {
    const fault = this.kind.name;
    if (this.set) await this.power.attempt("clear", { fault }, this.button);
    else await this.power.attempt("fault", { fault, value: this.#number() }, this.button);
  }

  #number() {
    return this.value && this.value.value !== "" ? Number(this.value.value) : null;
  }
}
