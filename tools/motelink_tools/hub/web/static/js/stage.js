// A stage of a graph: a link or the join, with its function, its helpers, and what passes.

import { field, h, select, setText } from "./dom.js";
import { form, shown } from "./form.js";
import { Editor } from "./editor.js";
import { tell } from "./api.js";

const TYPES = [["sample", "as they come"], ["variant", "as differences"]];
const ALIAS = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/;

export function inputTypes(value = "sample") {
  return select(TYPES, value);
}

export class Stage {
  #helpers = new Map();
  #types = "";
  #last = Promise.resolve();

  /** `link`: null for the join. */
  constructor(graph, kind, title, link) {
    this.graph = graph;
    this.kind = kind;
    this.title = title;
    this.link = link;
    this.under = h("span", { class: "under" });
    this.value = h("output", { class: "value", "aria-live": "off", "aria-label": `${title}: last value` });
    this.editor = new Editor(`Function of ${title}`, (source) =>
      this.#inTurn(async () => this.#set(await this.#stored(source), this.depends)));
    this.helpers = h("div", { class: "helpers" });
    this.types = h("div", { class: "pair", hidden: true });
    this.problem = h("p", { class: "outcome", "data-kind": "bad", role: "status" });
    const remove = h("button", { type: "button", class: "quiet", "aria-label": `Remove ${title}`,
      onclick: () => this.#remove() }, "Remove");
    this.element = h("article", { class: "stage", "data-kind": kind },
      h("div", { class: "card-title" }, h("h3", {}, title), link ? remove : null),
      this.under, this.value, this.editor.element, this.types, this.helpers, this.problem, this.#adding());
  }

  update(link, codes, errors) {
    this.link &&= link;
    this.func = link.func;
    this.depends = link.depends;
    setText(this.under, link.device ? about(link) : "all inputs, in their order");
    const source = (digest) => (digest === null ? "" : codes[digest] ?? "");
    const of = (digest) => errors.find((error) => error.src === digest);
    const helped = Object.values(link.depends);
    const rest = errors.find((error) => !error.src || ![this.func, ...helped].includes(error.src));
    this.editor.update(source(link.func), of(link.func) ?? rest);
    this.#help(link.depends, source, of);
    this.#typed(link);
  }

  passed(input, output) {
    setText(this.value, input === undefined ? shown(output) : `${shown(input)} → ${shown(output)}`);
  }

  // -- how values are taken ------------------------------------------------------------------

  /** One choice for each value, where it is known how many there are. */
  #typed({ input_type: type, param_no: wanted, dimension }) {
    const count = this.kind === "idf" ? Math.max(1, Math.min(16, wanted ?? dimension ?? 1)) : 0;
    const now = JSON.stringify([count, type]);
    if (now === this.#types || this.types.contains(document.activeElement)) return;
    this.#types = now;
    this.types.hidden = !count;
    const selects = Array.from({ length: count }, (_, n) => inputTypes((Array.isArray(type) ? type[n] : type) ?? "sample"));
    const send = () => this.#attempt(async () => {
      const types = selects.map((one) => one.value);
      await this.#inTurn(() => this.#set(this.func, this.depends, { input_type: count === 1 ? types[0] : types }));
    });
    for (const one of selects) one.addEventListener("change", send);
    this.types.replaceChildren(...selects.map((one, n) =>
      field(count === 1 ? "Values are taken" : `Value ${n + 1} is taken`, one)));
  }

  // -- helpers: functions that the stage's function calls ------------------------------------

  #help(depends, source, of) {
    for (const alias of this.#helpers.keys()) {
      if (Object.hasOwn(depends, alias)) continue;
      this.#helpers.get(alias).element.remove();
      this.#helpers.delete(alias);
    }
    for (const [alias, digest] of Object.entries(depends)) {
      if (!this.#helpers.has(alias)) this.#helper(alias);
      this.#helpers.get(alias).editor.update(source(digest), of(digest));
    }
  }

  #helper(alias) {
    const editor = new Editor(`Helper ${alias} of ${this.title}`, async (source) => {
      const digest = await this.#stored(source);
      if (!digest) throw new Error("A helper has a source, or is removed.");
      await this.#inTurn(() => this.#set(this.func, { ...this.depends, [alias]: digest }));
    });
    const remove = h("button", { type: "button", class: "quiet", "aria-label": `Remove helper ${alias} of ${this.title}`,
      onclick: () => this.#attempt(() => this.#inTurn(() => {
        const { [alias]: _, ...others } = this.depends;
        return this.#set(this.func, others);
      })) }, "Remove");
    const element = h("div", { class: "helper" },
      h("div", { class: "card-title" }, h("code", {}, `iot.${alias}()`), remove), editor.element);
    this.#helpers.set(alias, { editor, element });
    this.helpers.append(element);
  }

  #adding() {
    const alias = h("input", { autocomplete: "off", spellcheck: "false", maxlength: 40 });
    const add = form([field("Name", alias, "The function calls it as iot.NAME(…)")], "Add helper", async () => {
      if (!ALIAS.test(alias.value)) throw new Error("A name is a word of Python.");
      if (Object.hasOwn(this.depends, alias.value)) throw new Error(`There is iot.${alias.value} already.`);
      const digest = await this.#stored("def run(x):\n    return x\n");
      await this.#inTurn(() => this.#set(this.func, { ...this.depends, [alias.value]: digest }));
      alias.value = "";
      return "";
    }, { "aria-label": `New helper of ${this.title}` });
    return h("details", {}, h("summary", {}, "Add a helper function"), add);
  }

  // -- through the graph API -----------------------------------------------------------------

  /** Each change begins from what the one before has left: none undoes another. */
  #inTurn(change) {
    const done = this.#last.then(change);
    this.#last = done.catch(() => {});
    return done;
  }

  async #stored(source) {
    if (!source.trim()) return null;
    return (await tell("iottalk/function", { ...this.graph.where, source })).digest;
  }

  async #set(func, depends, more = {}) {
    const request = this.link
      ? { op: "set_df_func", da_id: this.link.device, [this.kind]: this.link.feature }
      : { op: "set_join" };
    await this.graph.request({ ...request, ...more, prev: this.func, new: func, depends });
    this.func = func;
    this.depends = depends;
  }

  async #remove() {
    await this.#attempt(() =>
      this.graph.request({ op: "rm_link", da_id: this.link.device, [this.kind]: this.link.feature }));
  }

  async #attempt(act) {
    try {
      await act();
      setText(this.problem, "");
    } catch (error) {
      setText(this.problem, error.message);
    }
  }
}

function about({ device, name, online, param_no: values, tag_param_no: tags }) {
  return [
    `${name || device}${online ? "" : " · away"}`,
    values === null ? "" : `${values} ${values === 1 ? "value" : "values"}`,
    tags ? `${tags} ${tags === 1 ? "tag" : "tags"}` : "",
  ].filter(Boolean).join(" · ");
}
