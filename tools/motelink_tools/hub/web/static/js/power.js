// The buttons of a virtual board, and its flash as far as it is.

import { h, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { tell } from "./api.js";

/** Buttons that do something to a board; `problem` says what went wrong. */
export class Power {
  constructor(name) {
    this.name = name;
    this.problem = h("p", { class: "outcome", role: "status" });
    this.power = this.#button("Start", () => (this.on ? "stop" : "start"));
    this.reset = this.#button("Reset", () => "reset");
    this.freeze = this.#button("Suspend", () => (this.board.state === "suspended" ? "resume" : "suspend"));
    this.flash = this.#button("Flash", () => "flash");
  }

  /** Do it; whether that went well. */
  async attempt(call, body = {}, button = null) {
    button?.setAttribute("aria-busy", "true");
    setText(this.problem, "");
    try {
      await tell(`boards/${call}`, { board: this.name, ...body });
      return true;
    } catch (error) {
      this.problem.dataset.kind = "bad";
      setText(this.problem, error.message);
      return false;
    } finally {
      button?.setAttribute("aria-busy", "false");
    }
  }

  update(board) {
    this.board = board;
    this.on = board.state !== "off";
    this.power.disabled = false;
    const busy = flashes(board);
    setText(this.power, this.on ? "Stop" : "Start");
    this.power.classList.toggle("primary", !this.on);
    setText(this.freeze, board.state === "suspended" ? "Resume" : "Suspend");
    for (const button of [this.reset, this.freeze]) button.disabled = !this.on || busy;
    this.flash.disabled = !this.on || busy || board.state === "suspended";
  }

  #button(label, call) {
    // Until it is known how the board is.
    const button = h("button", { type: "button", disabled: true, onclick: () => {
      if (button.getAttribute("aria-busy") !== "true") this.attempt(call(), {}, button);
    } }, label);
    return button;
  }
}

export function flashes(board) {
  return ["preparing", "sending"].includes(board.flashing.state);
}

/** The bar and a line under it; it keeps its place while there is nothing to say. */
export class FlashProgress {
  constructor(label) {
    this.bar = h("progress", { max: 1, value: 0, "aria-label": label });
    this.text = h("p", { class: "under" });
    this.element = h("div", { class: "flashing" }, this.bar, this.text);
  }

  update({ flashing }) {
    const { state, total, sent } = flashing;
    setAttribute(this.element, "data-state", state);
    setAttribute(this.bar, "max", String(total || 1));
    // Without a value the bar only says that something goes on.
    if (state === "preparing") this.bar.removeAttribute("value");
    else setAttribute(this.bar, "value", String(state === "done" && !total ? 1 : sent));
    setText(this.text, said(flashing));
  }
}

function said({ state, file, number, files, sent, total, seconds, error }) {
  if (state === "preparing") return "compiling and comparing";
  if (state === "sending") return `${format.bytes(sent)} of ${format.bytes(total)} · file ${number} of ${files} · ${file}`;
  if (state === "failed") return error;
  if (state === "done") return files ? `${files} files, ${format.bytes(total)}, verified, in ${seconds} s` : "nothing to send: the board has it all";
  return "not flashed since the hub started";
}
