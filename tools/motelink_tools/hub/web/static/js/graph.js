// One IoTtalk graph: inputs, the join, outputs, and the values that pass.

import { empty, field, h, select, setText, svg } from "./dom.js";
import { form } from "./form.js";
import { Stage, inputTypes } from "./stage.js";
import { follow, live } from "./live.js";
import { ask, tell } from "./api.js";

export function graphPage(client, graph, signal) {
  const page = new Graph(client, graph);
  follow("graph", signal, (found) => page.update(found));
  follow("seen", signal, (values) => page.seen(values));
  follow("devices", signal, () => page.offer());
  const watcher = new ResizeObserver(() => page.wire());
  watcher.observe(page.canvas);
  signal.addEventListener("abort", () => watcher.disconnect());
  page.offer();
  return {
    name: "graphs", title: graph, content: page.content,
    wanted: { graph: `${encodeURIComponent(client)}/${encodeURIComponent(graph)}` },
  };
}

class Graph {
  #stages = new Map();
  #offered = "";
  #found = null;

  constructor(client, graph) {
    this.where = { client, graph };
    this.watch = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.#toggle() }, "Watch values");
    this.problem = h("p", { class: "outcome", role: "status" });
    this.inputs = h("div", { class: "stages" });
    this.outputs = h("div", { class: "stages" });
    this.join = new Stage(this, "join", "Join", null);
    this.wires = svg("svg", { class: "wires", "aria-hidden": "true" });
    this.canvas = h("div", { class: "canvas" }, this.wires,
      column("Inputs", this.inputs), column("Join", this.join.element), column("Outputs", this.outputs));
    this.none = h("div", { hidden: true });
    this.device = select([["", "Device"]]);
    this.feature = select([["", "Feature"]]);
    this.device.addEventListener("change", () => this.#features());
    this.values = h("input", { type: "number", min: 0, max: 64, placeholder: "as it has" });
    this.tags = h("input", { type: "number", min: 0, max: 64, placeholder: "0" });
    this.type = inputTypes();
    this.remove = h("button", { type: "button", class: "quiet", onclick: () => this.#detach() }, "Remove graph");
    this.adding = h("section", { class: "card narrow", "aria-label": "New link" }, h("h2", {}, "Add a feature"),
      form([
        h("div", { class: "pair" }, field("Device", this.device), field("Feature", this.feature)),
        h("div", { class: "pair" }, field("Values", this.values, "of a message"),
          field("Tags", this.tags, "after them"), field("Taken", this.type, "inputs alone")),
      ], "Add", () => this.#link()));
    this.content = [
      h("div", { class: "device-head" }, h("a", { href: "#/graphs", class: "back" }, "← Graphs"),
        h("div", { class: "title" }, h("h1", {}, graph), h("span", { class: "badge", "data-platform": "iottalk" }, client),
          this.watch, this.remove, this.problem)),
      this.none, this.canvas, this.adding,
    ];
  }

  request(request) {
    return tell("iottalk/request", { ...this.where, request });
  }

  update(found) {
    this.#found = found;
    const missing = !found || Boolean(found.error);
    for (const part of [this.canvas, this.adding, this.watch, this.remove]) part.hidden = missing;
    this.none.hidden = !missing;
    if (missing) {
      this.none.replaceChildren(empty(found ? "There is no such graph." : "This hub does not serve IoTtalk."));
      return;
    }
    this.watch.setAttribute("aria-pressed", String(found.watched));
    setText(this.watch, found.watched ? "Watching values" : "Watch values");
    this.#place(this.inputs, "idf", found.inputs, found);
    this.#place(this.outputs, "odf", found.outputs, found);
    this.join.update(found.join, found.codes, found.errors.filter((error) => error.stage === "join"));
    this.wire();
  }

  #place(column, kind, links, found) {
    const stages = links.map((link) => {
      const id = JSON.stringify([kind, link.device, link.feature]);
      if (!this.#stages.has(id)) this.#stages.set(id, new Stage(this, kind, link.feature, link));
      const stage = this.#stages.get(id);
      const mine = (error) => error.stage === kind && error.id?.[0] === link.device && error.id?.[1] === link.feature;
      stage.update(link, found.codes, found.errors.filter(mine));
      return stage.element;
    });
    const same = stages.length === column.children.length && stages.every((s, n) => s === column.children[n]);
    if (same && stages.length) return;
    column.replaceChildren(...(stages.length ? stages : [empty(kind === "idf" ? "No input." : "No output.")]));
  }

  /** The last values at each stage. */
  seen(values) {
    if (!values || values.error) return;
    if (values.idf) this.#stage("idf", values.idf.id)?.passed(values.idf.input, values.idf.output);
    if (values.join) this.join.passed(values.join.input, values.join.output);
    for (const odf of Array.isArray(values.odf) ? values.odf : [])
      this.#stage("odf", odf.id)?.passed(undefined, odf.output);
  }

  #stage(kind, id) {
    return Array.isArray(id) ? this.#stages.get(JSON.stringify([kind, ...id])) : null;
  }

  /** Lines from each input to the join, and from there to each output. */
  wire() {
    const frame = this.canvas.getBoundingClientRect();
    if (!frame.width || getComputedStyle(this.wires).display === "none") return;
    const side = (element, end) => {
      const box = element.getBoundingClientRect();
      return [(end ? box.right : box.left) - frame.left, box.top - frame.top + Math.min(28, box.height / 2)];
    };
    const cards = (column) => [...column.querySelectorAll(".stage")];
    const join = this.join.element;
    const pairs = [
      ...cards(this.inputs).map((card) => [side(card, true), side(join, false)]),
      ...cards(this.outputs).map((card) => [side(join, true), side(card, false)]),
    ];
    this.wires.replaceChildren(...pairs.map(([[x, y], [u, v]]) => {
      const middle = (x + u) / 2;
      return svg("path", { d: `M${x},${y} C${middle},${y} ${middle},${v} ${u},${v}` });
    }));
  }

  /** Devices to choose from. */
  offer() {
    if (!live.known) return;
    const rows = [...live.devices.values()].filter((row) => row.platform === "iottalk");
    const known = JSON.stringify(rows.map((row) => [row.id, row.name]));
    if (known === this.#offered) return;
    this.#offered = known;
    const chosen = this.device.value;
    if (!rows.length) this.device.replaceChildren(h("option", { value: "" }, "No IoTtalk device yet"));
    else this.device.replaceChildren(...rows.map((row) => h("option", { value: row.id }, row.name || row.id)));
    if (rows.some((row) => row.id === chosen)) this.device.value = chosen;
    else this.#features();
  }

  async #features() {
    const device = this.device.value;
    if (!device) return;
    const { idf, odf } = await ask("iottalk/about", { device }).catch(({ message }) => {
      this.#say(message);
      return {};
    });
    if (device !== this.device.value) return; // another was chosen meanwhile
    const options = [...(idf ?? []).map((f) => ["idf", f]), ...(odf ?? []).map((f) => ["odf", f])];
    this.feature.replaceChildren(...options.map(([kind, { name }]) =>
      h("option", { value: JSON.stringify([kind, name]) }, `${name} (${kind === "idf" ? "input" : "output"})`)));
  }

  async #link() {
    if (!this.feature.value) throw new Error("Choose a feature.");
    const [kind, name] = JSON.parse(this.feature.value);
    const link = { op: "add_link", da_id: this.device.value, [kind]: name, func: null };
    if (this.values.value !== "") link.param_no = Number(this.values.value);
    if (this.tags.value !== "") link.tag_param_no = Number(this.tags.value);
    if (kind === "idf") link.input_type = this.type.value;
    await this.request(link);
    return `Added ${name}.`;
  }

  #toggle() {
    return this.#attempt({ op: this.#found?.watched ? "stop_monitor" : "start_monitor" });
  }

  async #detach() {
    if (confirm("Remove this graph and its links?") && await this.#attempt({ op: "detach" }))
      location.hash = "#/graphs";
  }

  async #attempt(request) {
    try {
      await this.request(request);
      this.#say("");
      return true;
    } catch (error) {
      this.#say(error.message);
      return false;
    }
  }

  #say(problem) {
    this.problem.dataset.kind = "bad";
    setText(this.problem, problem);
  }
}

function column(label, content) {
  return h("section", { class: "column", "aria-label": label }, h("h2", {}, label), content);
}
