// Losant: commands, the last state, and the states of a range of time.

import { empty, field, h, select } from "../dom.js";
import { form, shown, typed } from "../form.js";
import * as format from "../format.js";
import { address, ask, tell } from "../api.js";
import { Charts } from "../charts.js";

const POINTS = 10000;
const ROWS = 200;
const RANGES = [["15", "15 minutes"], ["60", "1 hour"], ["1440", "1 day"], ["10080", "7 days"], ["", "From – to"]];

export function losant(id, signal) {
  const name = h("input", { required: true, spellcheck: "false", autocomplete: "off" });
  const payload = h("textarea", { rows: 3, spellcheck: "false", placeholder: '{"brightness": 40}' });
  const command = form([field("Name", name), field("Payload", payload, "JSON, a word, or nothing")],
    "Send command",
    async () => {
      if (!name.value) throw new Error("A command needs a name.");
      await tell("losant/command", { device: id, name: name.value, payload: typed(payload.value) });
      return `Sent ${name.value}.`;
    },
    { "aria-label": "Command" });
  const last = h("tbody");
  const attributes = h("table", { class: "plain" }, h("caption", { class: "unseen" }, "Last state"), last);
  const when = h("small");
  const history = new History(id, signal);
  return {
    cards: [
      h("section", { class: "card", "aria-label": "Command" }, h("h2", {}, "Command"), command),
      h("section", { class: "card", "aria-label": "Last state" },
        h("div", { class: "card-title" }, h("h2", {}, "Last state"), when), attributes),
    ],
    wide: history.element,
    about(found) {
      const names = Object.keys({ ...found.attributes, ...found.last?.data });
      last.replaceChildren(...names.map((attribute) =>
        h("tr", {}, h("th", { scope: "row" }, attribute),
          h("td", {}, shown(own(found.last?.data, attribute) ?? format.NONE)),
          h("td", { class: "under" }, own(found.attributes, attribute) ?? ""))));
      when.replaceChildren(found.last ? format.time(found.last.time / 1000, format.moment) : "none yet");
    },
  };
}

/** An attribute may be called as something that every object has. */
function own(object, name) {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

class History {
  constructor(id, signal) {
    this.id = id;
    this.range = select(RANGES, "60");
    this.from = h("input", { type: "datetime-local", step: 1 });
    this.to = h("input", { type: "datetime-local", step: 1 });
    this.exact = h("div", { class: "pair", hidden: true }, field("From", this.from), field("To", this.to));
    this.range.addEventListener("change", () => { this.exact.hidden = this.range.value !== ""; });
    this.charts = new Charts(empty("Choose a range, then show it."), POINTS);
    this.rows = h("tbody");
    this.csv = h("a", { class: "button", download: "states.csv", hidden: true }, "CSV");
    signal.addEventListener("abort", () => this.charts.remove());
    const history = form([field("Range", this.range), this.exact], "Show", () => this.#show(),
      { class: "history-form", "aria-label": "Range of time" });
    history.querySelector(".row").append(this.csv);
    this.element = h("section", { class: "card", "aria-label": "History" },
      h("h2", {}, "History"),
      history,
      this.charts.element,
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "States" },
        h("table", { class: "plain" }, h("caption", { class: "unseen" }, "States"), this.rows)));
  }

  #span() {
    const minutes = Number(this.range.value);
    if (this.range.value) return { since: Math.round(format.now() * 1000) - minutes * 60000, until: null };
    const [since, until] = [this.from, this.to].map((input) => new Date(input.value).getTime());
    if (Number.isNaN(since) || Number.isNaN(until)) throw new Error("Choose both times.");
    if (since >= until) throw new Error("From must be before to.");
    return { since, until };
  }

  async #show() {
    const given = { device: this.id, ...this.#span(), limit: POINTS };
    const states = await ask("losant/states", given);
    this.csv.href = address("losant/states.csv", given);
    this.csv.hidden = false;
    this.charts.add(numbers(states), true);
    this.rows.replaceChildren(...states.slice(-ROWS).reverse().map((state) =>
      h("tr", {}, h("td", {}, format.time(state.time / 1000, format.moment)),
        h("td", {}, h("code", {}, JSON.stringify(state.data))))));
    if (states.length === POINTS) return `The newest ${format.count(POINTS)} states of that time, the last ${ROWS} in the table.`;
    return `${states.length} ${states.length === 1 ? "state" : "states"}${states.length > ROWS ? `, the last ${ROWS} in the table` : ""}.`;
  }
}

function numbers(states) {
  const series = new Map();
  for (const { time, data } of states) {
    for (const [name, value] of Object.entries(data)) {
      if (typeof value !== "number" && typeof value !== "boolean") continue;
      if (!series.has(name)) series.set(name, { t: [], v: [] });
      series.get(name).t.push(time / 1000);
      series.get(name).v.push(Number(value));
    }
  }
  return Object.fromEntries(series);
}
