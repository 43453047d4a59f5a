// SEPL: the devices behind a gateway, commands with their response, events.

import { empty, field, h, select } from "../dom.js";
import { form, shown, typed } from "../form.js";
import * as format from "../format.js";
import { ask, tell } from "../api.js";

const EVENTS = 100;
const NO_DEVICE = "There is no device behind this gateway.";

export function sepl() {
  const device = select([]);
  const service = h("input", { required: true, spellcheck: "false", autocomplete: "off" });
  const value = h("textarea", { rows: 2, spellcheck: "false" });
  const response = h("pre", { class: "json", tabindex: "0", "aria-label": "Response" }, "–");
  const rows = h("tbody");
  const events = h("tbody");
  const command = form(
    [field("Device", device), field("Service", service), field("Value", value, "JSON, a word, or nothing")],
    "Send command",
    async () => {
      if (!device.value) throw new Error(NO_DEVICE);
      if (!service.value) throw new Error("A command needs a service.");
      const answer = await tell("sepl/command",
        { device: device.value, service: service.value, value: typed(value.value) });
      response.textContent = shown(answer);
      return "The device responded.";
    },
    { "aria-label": "Command" });
  const load = form([], "Load events", async () => {
    if (!device.value) throw new Error(NO_DEVICE);
    const found = await ask("sepl/events", { device: device.value, limit: EVENTS });
    events.replaceChildren(...found.reverse().map((event) =>
      h("tr", {}, h("td", {}, format.time(event.time, format.moment)),
        h("td", {}, event.service), h("td", {}, h("code", {}, shown(event.value))))));
    return `${found.length} ${found.length === 1 ? "event" : "events"}.`;
  });
  let known = "";
  return {
    cards: [
      h("section", { class: "card", "aria-label": "Command" }, h("h2", {}, "Command"), command,
        h("h3", {}, "Response"), response),
    ],
    wide: [
      h("section", { class: "card", "aria-label": "Devices" }, h("h2", {}, "Devices of this gateway"),
        h("table", { class: "plain" }, h("caption", { class: "unseen" }, "Devices"), rows)),
      h("section", { class: "card", "aria-label": "Events" }, h("h2", {}, "Events"), load,
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Events" },
          h("table", { class: "plain" }, h("caption", { class: "unseen" }, "Events"), events))),
    ],
    about({ devices }) {
      rows.replaceChildren(...(devices.length ? devices.map((row) =>
        h("tr", {}, h("th", { scope: "row" }, row.name), h("td", {}, h("code", {}, row.uri)),
          h("td", { class: "fit" }, row.connected ? "connected" : "away"), h("td", {}, row.tags.join(", ")))) :
        [h("tr", {}, h("td", {}, empty("No device behind it.")))]));
      const now = JSON.stringify(devices.map((row) => row.uri));
      if (now === known) return;
      known = now;
      const chosen = device.value;
      device.replaceChildren(...devices.map((row) => h("option", { value: row.uri }, `${row.name} (${row.uri})`)));
      if (devices.some((row) => row.uri === chosen)) device.value = chosen;
    },
  };
}
