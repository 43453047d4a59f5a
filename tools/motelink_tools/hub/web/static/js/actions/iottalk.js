// IoTtalk: features with their units and signals, the graphs that a device is in, its profile.

import { empty, h, setText } from "../dom.js";

export function iottalk() {
  const features = h("tbody");
  const graphs = h("p", { class: "links" });
  const profile = h("pre", { class: "json", tabindex: "0", "aria-label": "Profile" }, "–");
  const none = empty("No feature.");
  return {
    cards: [
      h("section", { class: "card", "aria-label": "Features" }, h("h2", {}, "Features"), none,
        h("table", { class: "plain" }, h("caption", { class: "unseen" }, "Features"), features), graphs),
      h("section", { class: "card", "aria-label": "Profile" }, h("h2", {}, "Profile"), profile),
    ],
    about(found) {
      const rows = [...(found.idf ?? []).map((f) => ["in", f]), ...(found.odf ?? []).map((f) => ["out", f])];
      none.hidden = rows.length > 0;
      features.replaceChildren(...rows.map(([way, feature]) =>
        h("tr", {},
          h("th", { scope: "row" }, feature.name),
          h("td", { class: "fit" }, way === "in" ? "IDF" : "ODF"),
          h("td", {}, feature.units.join(", ") || "no unit"),
          h("td", { class: feature.signal === "ok" ? "fit" : null }, signal(feature.signal)))));
      graphs.replaceChildren(...(found.graphs ?? []).flatMap(([client, graph]) =>
        [h("a", { href: graphAddress(client, graph) }, `${client} / ${graph}`), " "]));
      setText(profile, JSON.stringify(found.profile ?? {}, null, 2));
    },
  };
}

function signal(said) {
  if (said === null) return "not linked";
  if (said === "ok") return "connected";
  return said === "sent" ? "told, no answer" : said;
}

export function graphAddress(client, graph) {
  return `#/graph/${encodeURIComponent(client)}/${encodeURIComponent(graph)}`;
}
