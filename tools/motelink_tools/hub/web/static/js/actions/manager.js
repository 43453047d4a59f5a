// iot-manager: a string or bytes to one, to a type, to all; and the device's data.

import { field, h, select, setText } from "../dom.js";
import { form } from "../form.js";
import { tell } from "../api.js";

export function manager(id) {
  const to = select([["one", "This device"], ["kind", "All of its type"], ["all", "All devices"]], "one");
  const how = select([["text", "Text"], ["hex", "Bytes, in hex"]], "text");
  const what = h("textarea", { rows: 2, spellcheck: "false" });
  const data = h("pre", { class: "json", tabindex: "0", "aria-label": "Data" }, "Not known.");
  let kind = "";
  const send = form(
    [
      h("div", { class: "pair" }, field("To", to), field("As", how)),
      field("Message", what),
    ],
    "Send",
    async () => {
      const target = { one: { device: id }, kind: { kind }, all: {} }[to.value];
      const body = how.value === "text" ? { text: what.value } : { base64: fromHex(what.value) };
      const { reached } = await tell("manager/send", { ...body, ...target });
      return `Sent to ${reached} ${reached === 1 ? "device" : "devices"}.`;
    },
    { "aria-label": "Send" });
  const again = form([], "Ask again", async () => {
    setText(data, JSON.stringify((await tell("manager/ask", { device: id })).data, null, 2));
    return "Answered.";
  });
  const forget = h("button", { type: "button", class: "quiet" }, "Forget");
  forget.addEventListener("click", async () => {
    const outcome = again.querySelector(".outcome");
    try {
      await tell("manager/forget", { device: id });
      location.hash = "#/";
    } catch (error) {
      outcome.dataset.kind = "bad";
      setText(outcome, error.message);
    }
  });
  again.querySelector(".row").append(forget);
  return {
    cards: [
      h("section", { class: "card", "aria-label": "Send" }, h("h2", {}, "Send"), send),
      h("section", { class: "card", "aria-label": "Data" }, h("h2", {}, "Data"), data, again),
    ],
    about(found) {
      if (!found.type) return;
      kind = found.type;
      setText(to.options[1], `All of type ${kind}`);
      setText(data, JSON.stringify(found.data, null, 2));
    },
  };
}

function fromHex(text) {
  const digits = text.replace(/[\s:,]|0x/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error("Bytes in hex are pairs of 0-9 and a-f.");
  const bytes = digits.match(/../g) ?? [];
  return btoa(String.fromCharCode(...bytes.map((pair) => parseInt(pair, 16))));
}
