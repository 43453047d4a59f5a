// The IoTtalk graphs that there are, and a new one.

import { empty, field, h } from "./dom.js";
import { form } from "./form.js";
import { follow } from "./live.js";
import { tell } from "./api.js";
import { graphAddress } from "./actions/iottalk.js";

// Graphs that are drawn here belong to this client.
export const CLIENT = "page";

export function graphsPage(signal) {
  const rows = h("tbody");
  const none = empty("Loading");
  const table = h("table", { class: "plain graphs", hidden: true },
    h("caption", { class: "unseen" }, "Graphs"),
    h("thead", {}, h("tr", {}, ["Graph", "Of client", "Inputs", "Outputs", "State"].map((label) =>
      h("th", { scope: "col" }, label)))), rows);
  follow("graphs", signal, (graphs) => {
    table.hidden = !graphs?.length;
    none.hidden = Boolean(graphs?.length);
    making.hidden = !graphs;
    none.firstChild.textContent = graphs ? "No graph yet." : "This hub does not serve IoTtalk.";
    rows.replaceChildren(...(graphs ?? []).map((graph) =>
      h("tr", {},
        h("th", { scope: "row" }, h("a", { href: graphAddress(graph.client, graph.graph) }, graph.graph)),
        h("td", {}, graph.client), h("td", { class: "fit" }, graph.inputs), h("td", { class: "fit" }, graph.outputs),
        h("td", {}, graph.errors ? h("span", { class: "bad" }, "error") : "good",
          graph.watched ? " · watched" : ""))));
  });
  const name = h("input", { required: true, maxlength: 128, autocomplete: "off" });
  const create = form([field("Name", name)], "New graph", async () => {
    const graph = name.value.trim();
    if (!graph || /[/+#]/.test(graph)) throw new Error("A name has no /, + or #, and is not empty.");
    await tell("iottalk/request", { client: CLIENT, graph, request: { op: "attach" } });
    location.hash = graphAddress(CLIENT, graph);
    return "";
  }, { "aria-label": "New graph", class: "inline" });
  const making = h("section", { class: "card narrow", "aria-label": "New graph" }, create);
  return {
    name: "graphs", title: "Graphs", wanted: { graphs: 1 },
    content: [
      h("div", { class: "title" }, h("h1", {}, "Graphs"),
        h("p", { class: "summary" }, "IoTtalk: from input features through functions to output features")),
      h("section", { class: "card", "aria-label": "Graphs" }, none, table),
      making,
    ],
  };
}
