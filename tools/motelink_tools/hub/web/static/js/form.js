// A form that says what became of it, where one looks.

import { h } from "./dom.js";

/** `send` returns what to say when it went well, or throws what is wrong. */
export function form(fields, label, send, properties = {}) {
  const button = h("button", { class: "primary" }, label);
  const outcome = h("p", { class: "outcome", role: "status" });
  const element = h("form", { novalidate: true, ...properties },
    fields, h("div", { class: "row" }, button, outcome));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    outcome.textContent = "";
    try {
      outcome.textContent = await send();
      outcome.dataset.kind = "good";
    } catch (error) {
      outcome.textContent = error.message;
      outcome.dataset.kind = "bad";
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  });
  return element;
}

/** What a person typed as JSON; plain words are strings, nothing is null. */
export function typed(text) {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  try {
    return JSON.parse(trimmed);
  } catch {
    if (/^[[{"]/.test(trimmed)) throw new Error("That begins like JSON, but is none.");
    return trimmed;
  }
}

export function shown(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
