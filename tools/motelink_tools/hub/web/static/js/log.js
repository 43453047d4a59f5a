// What the hub and its platforms say, following.

import { empty, h, select } from "./dom.js";
import * as format from "./format.js";
import { follow, key, live } from "./live.js";
import { deviceAddress } from "./overview.js";

const SHOWN = 500;
const LEVELS = ["debug", "info", "warning", "error", "critical"];

export function logPage(signal) {
  let lines = [];
  const platform = select([["", "All platforms"]]);
  const level = select([["info", "Everything"], ["warning", "Warnings"], ["error", "Errors"]], "info");
  const text = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter lines" });
  const following = h("input", { type: "checkbox", checked: true });
  platform.setAttribute("aria-label", "Platform");
  level.setAttribute("aria-label", "Level");
  const list = h("ol", { class: "log" });
  const none = empty("Nothing to show.");
  const box = h("div", { class: "card flush log-box", tabindex: "0", role: "log", "aria-label": "Log" }, none, list);
  const known = new Set([""]);

  const wanted = (line) =>
    (!platform.value || line.platform === platform.value)
    && LEVELS.indexOf(line.level) >= LEVELS.indexOf(level.value)
    && (!text.value || `${line.text} ${line.device} ${live.devices.get(key(line.platform, line.device))?.name ?? ""}`.toLowerCase().includes(text.value.toLowerCase()));
  const scroll = () => {
    none.hidden = list.children.length > 0;
    if (following.checked) box.scrollTop = box.scrollHeight;
  };
  const rebuild = () => {
    list.replaceChildren(...lines.filter(wanted).slice(-SHOWN).map(item));
    scroll();
  };
  for (const control of [platform, level, following]) control.addEventListener("change", rebuild);
  text.addEventListener("input", rebuild);
  box.addEventListener("wheel", (event) => {
    if (event.deltaY < 0) following.checked = false;
  }, { passive: true });

  follow("hub", signal, () => { lines = []; list.replaceChildren(); });
  follow("log", signal, (news) => {
    lines = lines.concat(news).slice(-1000);
    for (const line of news) {
      if (known.has(line.platform)) continue;
      known.add(line.platform);
      platform.append(h("option", { value: line.platform }, line.platform));
    }
    list.append(...news.filter(wanted).slice(-SHOWN).map(item));
    while (list.children.length > SHOWN) list.firstChild.remove();
    scroll();
  });
  return {
    name: "log", title: "Log", wanted: { log: 1 },
    content: [
      h("div", { class: "title" }, h("h1", {}, "Log"),
        h("p", { class: "summary" }, live.hub ? `motelink ${live.hub.version}` : "")),
      h("div", { class: "filters" }, text, platform, level,
        h("label", { class: "check" }, following, "Follow")),
      box,
    ],
  };
}

function item(line) {
  const name = live.devices.get(key(line.platform, line.device))?.name || line.device;
  const device = line.device
    ? h("a", { href: deviceAddress({ platform: line.platform, id: line.device }), title: line.device }, name) : null;
  return h("li", { "data-level": line.level },
    format.time(line.time), h("span", { class: "level" }, line.level),
    h("span", { class: "badge", "data-platform": line.platform }, line.platform),
    h("span", { class: "said" }, device, device ? " " : null, line.text));
}
