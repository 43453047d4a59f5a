// What a board prints, as a terminal shows it: text alone, the last lines of it.

import { h } from "./dom.js";

const LINES = 1000;
const COLUMNS = 2000; // then the line is broken
const MANY = 200; // lines at once
const REST_MS = 400;
// CSI with its numbers and final byte, OSC (titles, links) up to its end, other escapes, text.
const PART = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|\x1b.?|[\b\r\n]|[^\x00-\x1f\x7f]+|[^]/g;
const UNFINISHED = /\x1b(\[[ -?]{0,32}|\][^\x07\x1b\r\n]{0,500}\x1b?)?$/;

export class Terminal {
  #line = "";
  #column = 0;
  #rest = "";
  #done = []; // lines that are complete, but not shown yet
  #stale = false;
  #resting = false;

  constructor(label) {
    this.following = h("input", { type: "checkbox", checked: true, onchange: () => this.#scroll() });
    this.last = h("div");
    this.lines = h("div", { class: "lines" }, this.last);
    this.box = h("div", { class: "terminal", tabindex: "0", role: "log", "aria-label": label }, this.lines);
    this.box.addEventListener("wheel", (event) => {
      if (event.deltaY < 0) this.following.checked = false;
    }, { passive: true });
    this.box.addEventListener("keydown", (event) => {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) this.following.checked = false;
    });
  }

  clear() {
    this.#line = this.#rest = "";
    this.#column = 0;
    this.#done = [];
    this.lines.replaceChildren(this.last);
    this.#soon();
  }

  write(text) {
    let all = this.#rest + text;
    this.#rest = all.match(UNFINISHED)?.[0] ?? "";
    if (this.#rest) all = all.slice(0, -this.#rest.length);
    for (const [part, numbers, command] of all.matchAll(PART)) {
      if (command) this.#command(command, Number.parseInt(numbers, 10) || 1);
      else if (part === "\n") this.#end();
      else if (part === "\r") this.#column = 0;
      else if (part === "\b") this.#column = Math.max(0, this.#column - 1);
      else if (part >= " " && part !== "\x7f") this.#put(part);
    }
    this.#soon();
  }

  #put(text) {
    for (let from = 0; from < text.length;) {
      if (this.#column >= COLUMNS) this.#end();
      const piece = text.slice(from, from + COLUMNS - this.#column);
      const before = this.#line.slice(0, this.#column).padEnd(this.#column);
      this.#line = before + piece + this.#line.slice(this.#column + piece.length);
      this.#column += piece.length;
      from += piece.length;
    }
  }

  /** Those that the line editors of boards use; colours and the like are left out. */
  #command(command, count) {
    if (command === "K") this.#line = this.#line.slice(0, this.#column);
    if (command === "D") this.#column = Math.max(0, this.#column - count);
    if (command === "C") this.#column = Math.min(this.#line.length, this.#column + count);
  }

  #end() {
    this.#done.push(this.#line);
    if (this.#done.length > LINES) this.#done.splice(0, this.#done.length - LINES);
    this.#line = "";
    this.#column = 0;
  }

  /** In the next frame; after many lines some time later, so that who prints without end leaves
   * the browser time for its buttons. */
  #soon() {
    this.#stale = true;
    if (this.#resting) return;
    this.#resting = true;
    requestAnimationFrame(() => {
      const rest = this.#done.length > MANY ? REST_MS : 0;
      this.#stale = false;
      this.#show();
      setTimeout(() => {
        this.#resting = false;
        if (this.#stale) this.#soon();
      }, rest);
    });
  }

  #show() {
    this.last.before(...this.#done.map((line) => h("div", {}, line)));
    this.#done = [];
    this.last.textContent = this.#line;
    while (this.lines.children.length > LINES) this.lines.firstChild.remove();
    this.#scroll();
  }

  #scroll() {
    if (this.following.checked) this.box.scrollTop = this.box.scrollHeight;
  }
}
