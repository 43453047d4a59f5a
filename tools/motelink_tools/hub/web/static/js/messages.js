// The last messages of a device, newest first.

import { empty, h } from "./dom.js";
import * as format from "./format.js";

const SHOWN = 100;

export class Messages {
  #waiting = [];
  #paused = false;

  constructor() {
    this.none = empty("No message since the hub started.");
    this.list = h("ol", { class: "messages" });
    this.button = h("button", { type: "button", class: "quiet", "aria-pressed": "false",
      onclick: () => this.#pause(!this.#paused) }, "Pause");
    this.element = h("section", { class: "card", "aria-label": "Messages" },
      h("div", { class: "card-title" }, h("h2", {}, "Messages"), this.button),
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Newest first" },
        this.none, this.list));
  }

  add(messages, all) {
    if (all) {
      this.list.replaceChildren();
      this.#waiting = [];
    }
    this.#waiting = this.#waiting.concat(messages).slice(-SHOWN);
    if (!this.#paused) this.#show();
  }

  #pause(paused) {
    this.#paused = paused;
    this.button.setAttribute("aria-pressed", String(paused));
    this.button.textContent = paused ? "Go on" : "Pause";
    if (!paused) this.#show();
  }

  #show() {
    this.list.prepend(...this.#waiting.map(item).reverse());
    this.#waiting = [];
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.none.hidden = this.list.children.length > 0;
  }
}

function item(message) {
  const text = message.hex === null ? message.text : message.hex;
  const note = [format.bytes(message.size), message.hex === null ? "" : "bytes", message.cut ? "cut" : ""];
  const way = message.way === "in" ? "from device" : "to device";
  return h("li", { "data-way": message.way },
    h("span", { class: "way", title: way, role: "img", "aria-label": way }, message.way === "in" ? "↑" : "↓"),
    format.time(message.time),
    h("code", {}, text || (message.size ? "(not shown)" : "(empty)")),
    h("small", {}, note.filter(Boolean).join(" · ")));
}
