// One virtual board: power, its flash, faults, its console.

import { empty, field, h, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { form } from "./form.js";
import { follow, live } from "./live.js";
import { deviceAddress } from "./overview.js";
import { Faults } from "./faults.js";
import { FlashProgress, Power, flashes } from "./power.js";
import { Terminal } from "./terminal.js";

const TYPED = 50; // lines that ↑ brings back
const FIGURES = [
  ["Chip", (board) => board.chip],
  ["Heap", (board) => board.heap],
  ["Flash", (board) => board.flash],
  ["Resets", (board) => (board.state === "off" ? format.NONE : format.count(Math.max(0, board.resets - 1)))],
  ["Port", (board) => board.port || format.NONE],
];

export function boardPage(name, signal) {
  const page = new Board(name);
  follow("boards", signal, (found) => page.update(found));
  follow("console", signal, ({ all, text }) => {
    if (all) page.terminal.clear();
    page.terminal.write(text);
  });
  follow("devices", signal, () => page.link());
  return { name: "boards", title: name, wanted: { boards: 1, board: name }, content: page.content };
}

class Board {
  #typed = [];
  #back = 0;
  #sent = Promise.resolve();

  constructor(name) {
    this.name = name;
    this.power = new Power(name);
    this.progress = new FlashProgress(`Flash of ${name}`);
    this.faults = new Faults(this.power);
    this.terminal = new Terminal(`Console of ${name}`);
    this.dot = h("span", { class: "dot" });
    this.state = h("span", { class: "state" });
    this.where = h("p", { class: "under" });
    this.devices = h("p", { class: "links" });
    this.problem = h("p", { class: "problem", role: "status" });
    this.figures = FIGURES.map(() => h("dd", {}, format.NONE));
    const { power, reset, freeze, flash, problem } = this.power;
    const remove = h("button", { type: "button", class: "quiet", onclick: () => this.#remove(remove) }, "Remove");
    this.panels = h("div", { class: "panels" },
      h("div", { class: "wide" }, this.#console()),
      h("div", { class: "side" },
        h("section", { class: "card", "aria-label": "Flash" },
          h("div", { class: "card-title" }, h("h2", {}, "Firmware")), this.progress.element, this.where),
        this.faults.element));
    this.row = h("div", { class: "row" }, power, reset, freeze, flash, remove, problem);
    this.list = h("dl", { class: "figures" },
      FIGURES.map(([label], place) => h("div", {}, h("dt", {}, label), this.figures[place])));
    this.content = [
      h("div", { class: "device-head" },
        h("a", { href: "#/boards", class: "back" }, "← Boards"),
        h("div", { class: "title" }, h("h1", {}, name), this.dot, this.state),
        this.row, this.problem, this.devices, this.list),
      this.panels,
    ];
  }

  #console() {
    this.line = h("input", { autocomplete: "off", autocapitalize: "off", spellcheck: "false", class: "typed" });
    this.line.addEventListener("keydown", (event) => this.#recall(event));
    const type = form([field("Type to the board", this.line)], "Enter", () => this.#type(),
      { class: "inline typing", "aria-label": "Type" });
    this.keys = [["Interrupt", "\x03", "Ctrl-C"], ["Soft reset", "\x04", "Ctrl-D, at the prompt"]].map(([label, text, title]) =>
      h("button", { type: "button", title, onclick: () => this.power.attempt("type", { text }) }, label));
    this.send = type.querySelector("button");
    type.querySelector(".row").append(...this.keys);
    return h("section", { class: "card", "aria-label": "Console" },
      h("div", { class: "card-title" }, h("h2", {}, "Console"),
        h("label", { class: "check" }, this.terminal.following, "Follow")),
      this.terminal.box, type);
  }

  /** One line after the other, while the next is being typed. */
  async #type() {
    const text = this.line.value;
    if (text && text !== this.#typed.at(-1)) this.#typed = [...this.#typed, text].slice(-TYPED);
    this.#back = 0;
    this.line.value = "";
    this.#sent = this.#sent.then(() => this.power.attempt("type", { text: `${text}\r` }));
    return "";
  }

  #recall(event) {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#back = Math.min(this.#typed.length, Math.max(0, this.#back + step));
    this.line.value = this.#back ? this.#typed.at(-this.#back) : "";
  }

  async #remove(button) {
    if (confirm(`Remove ${this.name} and its files?`) && await this.power.attempt("remove", {}, button))
      location.hash = "#/boards";
  }

  update(found) {
    const board = found?.boards?.find((one) => one.name === this.name);
    for (const part of [this.panels, this.row, this.list]) part.hidden = !board;
    if (!board) {
      setText(this.state, found && !found.error ? "there is no such board" : "this hub runs no boards");
      return;
    }
    this.power.update(board);
    this.progress.update(board);
    this.faults.update(found.faults ?? [], board);
    setAttribute(this.dot, "data-up", String(board.state !== "off"));
    setText(this.state, flashes(board) ? "being flashed" : board.state);
    setText(this.problem, board.error);
    setText(this.where, `${board.firmware || "the SDK’s app.py"} · files in ${board.folder}`);
    const types = board.state !== "off" && board.state !== "suspended" && !flashes(board);
    for (const button of [this.send, ...this.keys]) button.disabled = !types;
    FIGURES.forEach(([, text], place) => setText(this.figures[place], text(board)));
    this.link();
  }

  /** The devices that it is. */
  link() {
    const rows = [...live.devices.values()].filter((row) => [row.name, row.id].includes(this.name));
    const known = rows.map((row) => row.platform).join();
    if (this.devices.dataset.known === known) return;
    this.devices.dataset.known = known;
    this.devices.replaceChildren(...rows.flatMap((row) =>
      [h("a", { href: deviceAddress(row) }, `${row.platform} device`), " "]));
  }
}
