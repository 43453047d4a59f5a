// IoT Commute: the last state of each sensor; a value, or any payload, to the device.

import { empty, field, h } from "../dom.js";
import { form, shown, typed } from "../form.js";
import * as format from "../format.js";
import { tell } from "../api.js";

export function commute(id) {
  const sensor = h("input", { spellcheck: "false", autocomplete: "off" });
  const value = h("textarea", { rows: 2, spellcheck: "false" });
  const rows = h("tbody");
  const none = empty("No state yet.");
  const send = form(
    [
      field("Sensor", sensor, "Empty: the value is the whole payload"),
      field("Value", value, "JSON, a word, or nothing"),
    ],
    "Send",
    async () => {
      const given = typed(value.value);
      const status = sensor.value ? { sensor: sensor.value, value: given } : given;
      const reached = await tell("commute/send", { device: id, status });
      if (!reached) throw new Error("The device is not connected.");
      return "Sent.";
    },
    { "aria-label": "Send" });
  return {
    cards: [
      h("section", { class: "card", "aria-label": "Sensors" }, h("h2", {}, "Sensors"), none,
        h("table", { class: "plain" }, h("caption", { class: "unseen" }, "Sensors"), rows)),
      h("section", { class: "card", "aria-label": "Send" }, h("h2", {}, "Send"), send),
    ],
    about({ states }) {
      none.hidden = states.length > 0;
      rows.replaceChildren(...states.map(({ time, status }) =>
        h("tr", {}, h("th", { scope: "row" }, status.sensor), h("td", {}, shown(status.value)),
          h("td", {}, format.time(time, format.moment)))));
    },
  };
}
