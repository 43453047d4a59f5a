// Every device of every platform.

import { empty, h, select, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { follow, key, live } from "./live.js";

const SHOWN = 500;
const COLUMNS = [
  ["name", "Device", null],
  ["platform", "Platform", null],
  ["last_seen", "Last seen", "desc"],
  ["rate_in", "In /s", "desc"],
  ["rate_out", "Out /s", "desc"],
  ["messages_in", "In", "desc"],
  ["messages_out", "Out", "desc"],
  ["rtt_ms", "Round trip", "desc"],
  ["reconnects", "Reconnects", "desc"],
  ["heap_free", "Heap free", null],
  ["heap_low", "Heap low", null],
];
const CELLS = {
  rate_in: (row) => format.rate(row.rate_in),
  rate_out: (row) => format.rate(row.rate_out),
  messages_in: (row) => format.count(row.messages_in),
  messages_out: (row) => format.count(row.messages_out),
  rtt_ms: (row) => format.milliseconds(row.rtt_ms),
  reconnects: (row) => format.count(row.reconnects),
  heap_free: (row) => format.bytes(row.heap_free),
  heap_low: (row) => format.bytes(row.heap_low),
};
// Kept while other pages are looked at.
const choice = { text: "", platform: "", state: "", by: "name", down: false };

export function overviewPage(signal) {
  const overview = new Overview();
  let due = false;
  const update = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      overview.update();
    });
  };
  overview.changed = update;
  follow("devices", signal, update);
  const ticking = setInterval(update, 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|TEXTAREA|SELECT/.test(event.target.tagName)) {
      event.preventDefault();
      overview.search.focus();
    }
  }, { signal });
  if (live.devices.size) update();
  return { name: "overview", title: "Devices", content: overview.content, wanted: {} };
}

class Overview {
  #rows = new Map();
  #order = "";
  #ordered = 0;
  #shown = SHOWN;
  changed = () => {};

  constructor() {
    this.search = h("input", {
      type: "search", placeholder: "Filter by name, id, type, address", value: choice.text,
      "aria-label": "Filter devices", "aria-keyshortcuts": "/",
      oninput: () => this.#choose("text", this.search.value),
    });
    this.platforms = h("div", { class: "chips", role: "group", "aria-label": "Platform" });
    this.states = h("div", { class: "chips", role: "group", "aria-label": "State" });
    // How many there are is read out when it changes, rates are not.
    this.count = h("span", { role: "status" }, "Loading");
    this.rates = h("span");
    this.summary = h("p", { class: "summary" }, this.count, this.rates);
    this.body = h("tbody");
    this.more = h("button", { type: "button", hidden: true, onclick: () => {
      this.#shown += SHOWN;
      this.changed();
    } }, "Show more");
    this.nothing = h("div", {}, empty("Loading"));
    this.sort = select(COLUMNS.map(([name, label]) => [name, label]), choice.by);
    this.sort.setAttribute("aria-label", "Sort by");
    this.sort.addEventListener("change", () => this.#sort(this.sort.value));
    this.turn = h("button", { type: "button", onclick: () => this.#sort(choice.by) }, "↑");
    this.headers = COLUMNS.map(([name, label]) => this.#header(name, label));
    this.table = h("table", { class: "devices", hidden: true },
      h("caption", { class: "unseen" }, "Devices"),
      h("thead", {}, h("tr", {}, this.headers)), this.body);
    this.content = [
      h("div", { class: "title" }, h("h1", {}, "Devices"), this.summary),
      h("div", { class: "filters" }, this.search, this.platforms, this.states,
        h("div", { class: "sorting" }, this.sort, this.turn)),
      h("div", { class: "card flush" }, this.table, this.nothing),
      this.more,
    ];
    this.#chips(this.states, "state", [["", "All"], ["up", "Connected"], ["down", "Away"]]);
  }

  #sort(name) {
    const first = COLUMNS.find(([column]) => column === name)[2];
    choice.down = choice.by === name ? !choice.down : first === "desc";
    choice.by = name;
    this.#order = "";
    this.changed();
  }

  #header(name, label) {
    const kind = name in CELLS ? "numeric" : "";
    const button = h("button", { type: "button", onclick: () => this.#sort(name) }, label);
    return h("th", { scope: "col", class: `${kind} c-${name}`, "data-name": name }, button);
  }

  #choose(what, value) {
    choice[what] = value;
    this.#order = "";
    this.#shown = SHOWN;
    this.changed();
  }

  #chips(element, what, options) {
    const known = [...element.children].map((chip) => chip.dataset.value).join();
    if (known === options.map(([value]) => value).join()) return;
    element.replaceChildren(...options.map(([value, label]) =>
      h("button", { type: "button", class: "chip", "data-value": value, onclick: () => {
        this.#choose(what, value);
      } }, label)));
  }

  update() {
    if (!live.known) return;
    const all = [...live.devices.values()];
    const served = Object.keys(live.hub?.platforms ?? {});
    const platforms = [...new Set([...served, ...all.map((row) => row.platform)])].sort();
    this.#chips(this.platforms, "platform", [["", "All"], ...platforms.map((p) => [p, p])]);
    for (const [element, value] of [[this.platforms, choice.platform], [this.states, choice.state]])
      for (const chip of element.children)
        setAttribute(chip, "aria-pressed", String(chip.dataset.value === value));
    for (const header of this.headers) {
      const sorted = header.dataset.name === choice.by;
      setAttribute(header, "aria-sort", sorted ? (choice.down ? "descending" : "ascending") : "none");
    }
    this.sort.value = choice.by;
    setText(this.turn, choice.down ? "↓" : "↑");
    setAttribute(this.turn, "aria-label", choice.down ? "Descending" : "Ascending");
    const rows = all.filter(matches);
    this.#summarise(all, rows);
    this.#arrange(rows);
    this.#say(all.length, rows.length);
  }

  #summarise(all, rows) {
    const up = rows.filter((row) => row.connected).length;
    const sum = (name) => format.rate(rows.reduce((total, row) => total + row[name], 0));
    const part = rows.length === all.length ? "" : ` · ${rows.length} of ${all.length} shown`;
    setText(this.count, `${up} of ${rows.length} connected${part}`);
    setText(this.rates, ` · ${sum("rate_in")} in/s · ${sum("rate_out")} out/s`);
  }

  #say(all, shown) {
    const text = all === 0 ? JSON.stringify(live.hub.platforms) : shown === 0 ? "filtered" : "";
    this.table.hidden = shown === 0;
    this.nothing.hidden = shown !== 0;
    if (this.nothing.dataset.text === text) return;
    this.nothing.dataset.text = text;
    if (all === 0) this.nothing.replaceChildren(noDevices());
    if (text === "filtered") {
      this.nothing.replaceChildren(empty("No device matches.",
        h("button", { type: "button", onclick: () => {
          Object.assign(choice, { text: "", platform: "", state: "" });
          this.search.value = "";
          this.changed();
        } }, "Clear the filter")));
    }
  }

  /** Rows keep their elements. What sorts by figures that change moves once a second at most. */
  #arrange(rows) {
    if (this.#order === "" || Date.now() - this.#ordered > 1000) {
      rows.sort(compare);
      this.#ordered = Date.now();
      const wanted = rows.slice(0, this.#shown).map((row) => key(row.platform, row.id));
      const order = JSON.stringify(wanted);
      if (order !== this.#order) {
        this.#order = order;
        const kept = new Map(wanted.map((id) => [id, this.#rows.get(id) ?? new Row()]));
        this.#rows = kept;
        const focused = document.activeElement;
        this.body.replaceChildren(...[...kept.values()].map((row) => row.element));
        if (focused?.isConnected && focused !== document.activeElement) focused.focus();
      }
      this.more.hidden = rows.length <= this.#shown;
      setText(this.more, `Show more of ${rows.length}`);
    }
    for (const [id, row] of this.#rows) {
      const device = live.devices.get(id);
      if (device) row.update(device);
    }
  }
}

class Row {
  constructor() {
    this.dot = h("span", { class: "dot" });
    this.link = h("a", {});
    this.under = h("span", { class: "under" });
    this.platform = h("span", { class: "badge" });
    this.seen = h("time");
    this.cells = Object.fromEntries(Object.keys(CELLS).map((name) => {
      const label = COLUMNS.find(([column]) => column === name)[1];
      return [name, h("td", { class: `numeric c-${name}`, "data-label": label })];
    }));
    this.element = h("tr", {},
      h("th", { scope: "row", class: "c-name" }, this.dot, h("span", { class: "names" }, this.link, this.under)),
      h("td", { class: "c-platform" }, this.platform),
      h("td", { class: "c-last_seen", "data-label": "Last seen" }, this.seen),
      Object.values(this.cells));
  }

  update(row) {
    if (this.row !== row) {
      this.row = row;
      setAttribute(this.dot, "data-up", String(row.connected));
      setAttribute(this.dot, "title", row.connected ? "connected" : row.reason || "away");
      setText(this.dot, row.connected ? "connected" : "away");
      setText(this.link, row.name || row.id);
      setAttribute(this.link, "href", deviceAddress(row));
      setText(this.under, [row.name ? row.id : "", row.address].filter(Boolean).join(" · "));
      setText(this.platform, row.platform);
      setAttribute(this.platform, "data-platform", row.platform);
      for (const [name, cell] of Object.entries(this.cells)) setText(cell, CELLS[name](row));
    }
    format.setAge(this.seen, row.last_seen);
  }
}

export function deviceAddress(row) {
  return `#/device/${encodeURIComponent(row.platform)}/${encodeURIComponent(row.id)}`;
}

function matches(row) {
  if (choice.platform && row.platform !== choice.platform) return false;
  if (choice.state && row.connected !== (choice.state === "up")) return false;
  return !choice.text
    || `${row.name}\n${row.id}\n${row.kind}\n${row.address}`.toLowerCase().includes(choice.text.toLowerCase());
}

function compare(a, b) {
  const [left, right] = [a[choice.by], b[choice.by]];
  const order = typeof left === "string"
    ? left.localeCompare(right, undefined, { numeric: true })
    : (left ?? -1) - (right ?? -1);
  return (choice.down ? -order : order) || a.id.localeCompare(b.id);
}

function noDevices() {
  const addresses = Object.entries(live.hub?.platforms ?? {}).flatMap(([name, found]) =>
    Object.entries(found).map(([purpose, url]) =>
      h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, purpose), h("td", {}, h("code", {}, url)))));
  return empty("No device has connected yet.",
    h("p", {}, "Point a board at one of these, or run ", h("code", {}, "motelink demo"), "."),
    h("table", { class: "addresses" }, h("tbody", {}, addresses)));
}
