// The virtual boards that the hub runs, and a new one.

import { empty, field, h, select, setAttribute, setText } from "./dom.js";
import { form } from "./form.js";
import { follow } from "./live.js";
import { tell } from "./api.js";
import { FlashProgress, Power } from "./power.js";

const HEAPS = [["64k", "64 KiB"], ["96k", "96 KiB"], ["128k", "128 KiB"], ["160k", "160 KiB, as Pico W"], ["400k", "400 KiB, as Pico 2 W"]];
const FLASHES = [["512k", "512 KiB"], ["1M", "1 MiB"], ["2M", "2 MiB"]];

export function boardsPage(signal) {
  const cards = new Map();
  const grid = h("div", { class: "boards" });
  const none = h("section", { class: "card" }, empty("Loading"));
  const create = new NewBoard();
  follow("boards", signal, (found) => {
    create.offer(found);
    const boards = found?.boards ?? [];
    none.hidden = boards.length > 0;
    if (!boards.length) none.replaceChildren(found && !found.error ? noBoards() : notServed());
    for (const board of boards) {
      if (!cards.has(board.name)) cards.set(board.name, new Card(board.name));
      cards.get(board.name).update(board);
    }
    const elements = boards.map((board) => cards.get(board.name).element);
    const same = elements.length === grid.children.length && elements.every((e, n) => e === grid.children[n]);
    if (!same) grid.replaceChildren(...elements);
  });
  return {
    name: "boards", title: "Boards", wanted: { boards: 1 },
    content: [
      h("div", { class: "title" }, h("h1", {}, "Boards"),
        h("p", { class: "summary" }, "virtual ones: real MicroPython with a board’s heap and flash")),
      none, grid, create.element,
    ],
  };
}

export function boardAddress(name) {
  return `#/board/${encodeURIComponent(name)}`;
}

function noBoards() {
  return empty("No board yet.",
    h("p", {}, "Make one, start it, flash it: it then is a device of the platforms that you chose."));
}

function notServed() {
  return empty("This hub runs no boards.", h("p", {}, "Its settings say ", h("code", {}, "boards = false"), "."));
}

class Card {
  constructor(name) {
    this.power = new Power(name);
    this.dot = h("span", { class: "dot" });
    this.state = h("span", { class: "state" });
    this.about = h("p", { class: "under" });
    this.progress = new FlashProgress(`Flash of ${name}`);
    this.element = h("section", { class: "card board", "aria-label": name },
      h("div", { class: "title" }, h("h2", {}, h("a", { href: boardAddress(name) }, name)), this.dot, this.state),
      this.about, this.progress.element,
      h("div", { class: "row" }, this.power.power, this.power.flash, this.power.problem));
  }

  update(board) {
    this.power.update(board);
    this.progress.update(board);
    setAttribute(this.dot, "data-up", String(board.state !== "off"));
    setText(this.state, board.state);
    setText(this.about, [`${board.heap} of heap`, `${board.flash} of flash`, board.chip, board.port].filter(Boolean).join(" · "));
  }
}

class NewBoard {
  #offered = "";

  constructor() {
    this.name = h("input", { required: true, maxlength: 40, autocomplete: "off", spellcheck: "false" });
    this.chip = select([["esp32", "esp32"]]);
    this.heap = select(HEAPS, "160k");
    this.flash = select(FLASHES, "1M");
    this.firmware = h("input", { autocomplete: "off", spellcheck: "false", placeholder: "the SDK’s own" });
    this.platforms = h("div", { class: "checks" });
    this.element = h("section", { class: "card new-board", "aria-label": "New board", hidden: true }, h("h2", {}, "New board"),
      form([
        h("div", { class: "pair" }, field("Name", this.name), field("Chip", this.chip),
          field("Heap", this.heap), field("Flash", this.flash)),
        field("Firmware", this.firmware, "A folder on the hub’s machine: its files go over the SDK’s, app.py for example"),
        h("fieldset", {}, h("legend", {}, "Device of"), this.platforms),
      ], "Make", () => this.#make(), { "aria-label": "New board" }));
  }

  offer(found) {
    this.element.hidden = !found || Boolean(found.error);
    if (this.element.hidden) return;
    const now = JSON.stringify([found.chips, found.platforms]);
    if (now === this.#offered) return;
    this.#offered = now;
    this.chip.replaceChildren(...found.chips.map((chip) => h("option", { value: chip }, chip)));
    this.platforms.replaceChildren(...found.platforms.map((platform) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", value: platform, checked: true }), platform)));
  }

  async #make() {
    const chosen = [...this.platforms.querySelectorAll("input:checked")].map((box) => box.value);
    const { name } = await tell("boards/add", {
      name: this.name.value.trim(), chip: this.chip.value, heap: this.heap.value, flash: this.flash.value,
      firmware: this.firmware.value.trim(), platforms: chosen,
    });
    location.hash = boardAddress(name);
    return "";
  }
}
