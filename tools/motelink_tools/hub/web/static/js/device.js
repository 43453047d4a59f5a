// One device: figures, charts, messages, and what can be asked of it.

import { empty, entitle, h, setAttribute, setText } from "./dom.js";
import * as format from "./format.js";
import { follow, key, live } from "./live.js";
import { Charts } from "./charts.js";
import { Messages } from "./messages.js";
import { commute } from "./actions/commute.js";
import { iottalk } from "./actions/iottalk.js";
import { losant } from "./actions/losant.js";
import { manager } from "./actions/manager.js";
import { sepl } from "./actions/sepl.js";

// Each gets the id and a signal; it returns `cards`, and `about(found)`, which is told what the
// platform knows. A platform without an entry has charts and messages all the same.
const ACTIONS = { commute, iottalk, losant, manager, sepl };
const FIGURES = [
  ["Last seen", (row) => (row.last_seen ? format.age(row.last_seen) : format.NONE)],
  ["Connected for", (row) => (row.connected && row.connected_at ? format.since(row.connected_at) : format.NONE)],
  ["In", (row) => `${format.count(row.messages_in)} · ${format.rate(row.rate_in)}/s`],
  ["Out", (row) => `${format.count(row.messages_out)} · ${format.rate(row.rate_out)}/s`],
  ["Bytes in", (row) => format.bytes(row.bytes_in)],
  ["Bytes out", (row) => format.bytes(row.bytes_out)],
  ["Round trip", (row) => format.milliseconds(row.rtt_ms)],
  ["Reconnects", (row) => format.count(row.reconnects)],
  ["Heap free", (row) => format.bytes(row.heap_free)],
  ["Heap low", (row) => format.bytes(row.heap_low)],
];

export function devicePage(platform, id, signal) {
  const head = new Head(platform, id);
  const charts = new Charts(empty("No number yet.", h("p", {}, "Numbers in messages become charts by themselves.")));
  const messages = new Messages();
  const actions = ACTIONS[platform]?.(id, signal) ?? { cards: [] };
  const update = () => head.update(live.devices.get(key(platform, id)));
  follow("devices", signal, update);
  follow("device", signal, (news) => {
    charts.add(news.series, news.all);
    messages.add(news.messages, news.all);
  });
  follow("about", signal, (found) => {
    if (!found || found.error) return;
    actions.about?.(found);
    for (const feature of [...(found.idf ?? []), ...(found.odf ?? [])])
      charts.unit(feature.name, feature.units[0] ?? "");
  });
  const ticking = setInterval(update, 1000);
  signal.addEventListener("abort", () => {
    clearInterval(ticking);
    charts.remove();
  });
  update();
  return {
    name: "overview",
    title: live.devices.get(key(platform, id))?.name || id,
    wanted: { device: `${encodeURIComponent(platform)}/${encodeURIComponent(id)}` },
    content: [
      head.element,
      h("div", { class: "panels" },
        h("div", { class: "wide" },
          h("section", { class: "card", "aria-label": "Live" }, h("h2", {}, "Live"), charts.element),
          actions.wide ?? [], messages.element),
        h("div", { class: "side" }, actions.cards)),
    ],
  };
}

class Head {
  constructor(platform, id) {
    this.name = h("h1", {}, id);
    this.dot = h("span", { class: "dot" });
    this.state = h("span", { class: "state" });
    this.platform = h("span", { class: "badge", "data-platform": platform }, platform);
    this.id = h("code", { class: "id" }, id);
    this.kind = h("span", { class: "under" });
    this.figures = FIGURES.map(() => h("dd", {}, format.NONE));
    this.element = h("div", { class: "device-head" },
      h("a", { href: "#/", class: "back" }, "← Devices"),
      h("div", { class: "title" }, this.name, this.platform, this.dot, this.state),
      h("p", { class: "under" }, this.id, this.kind),
      h("dl", { class: "figures" },
        FIGURES.map(([label], place) => h("div", {}, h("dt", {}, label), this.figures[place]))));
  }

  update(row) {
    if (!row) {
      setText(this.state, live.known ? "not known to this hub" : "");
      setAttribute(this.dot, "data-up", "false");
      return;
    }
    setText(this.name, row.name || row.id);
    entitle(row.name || row.id);
    setAttribute(this.dot, "data-up", String(row.connected));
    setText(this.state, row.connected ? "connected" : `away${row.reason ? ": " + row.reason : ""}`);
    const about = [row.kind !== row.name ? row.kind : "", row.address].filter(Boolean);
    setText(this.kind, about.length ? ` · ${about.join(" · ")}` : "");
    FIGURES.forEach(([, text], place) => setText(this.figures[place], text(row)));
    if (row.last_seen) setAttribute(this.figures[0], "title", format.iso(row.last_seen));
    if (row.connected_at) setAttribute(this.figures[1], "title", format.iso(row.connected_at));
  }
}
