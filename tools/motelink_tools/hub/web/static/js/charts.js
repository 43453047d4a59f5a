// Charts of numbers over time, a card each.

import uPlot from "../vendor/uPlot.esm.js";
import { h, setText } from "./dom.js";
import * as format from "./format.js";

const HEIGHT = 132;
const LEAST_S = 20; // shown, so that a few points look like a few
const dark = matchMedia("(prefers-color-scheme: dark)");

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** One number. `points`: {t: [seconds], v: [numbers]}, at most `limit` are kept. */
export class Chart {
  #plot = null;
  #times = [];
  #values = [];
  #due = false;
  #zoomed = false;

  constructor(name, limit = 600, unit = "") {
    this.limit = limit;
    this.unit = unit;
    this.last = h("output", { class: "last", "aria-live": "off" }, format.NONE);
    this.when = h("small", { class: "when" });
    this.box = h("div", { class: "plot", role: "img" });
    // Before the chart itself sees it, and shows all again.
    this.box.addEventListener("dblclick", () => { this.#zoomed = false; }, true);
    this.name = name;
    this.element = h("figure", { class: "chart", "data-series": name },
      h("figcaption", {}, h("span", { class: "series", title: name }, name), this.when, this.last),
      this.box);
    this.watcher = new ResizeObserver(() => this.#resize());
    this.watcher.observe(this.box);
    this.restyle = () => this.#build();
    dark.addEventListener("change", this.restyle);
  }

  add(points, all = false) {
    this.#times = all ? points.t : this.#times.concat(points.t);
    this.#values = all ? points.v : this.#values.concat(points.v);
    if (this.#times.length > this.limit) {
      this.#times = this.#times.slice(-this.limit);
      this.#values = this.#values.slice(-this.limit);
    }
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  remove() {
    this.watcher.disconnect();
    dark.removeEventListener("change", this.restyle);
    this.#plot?.destroy();
    this.element.remove();
  }

  #draw() {
    this.#say(this.#values.length - 1);
    if (!this.#plot) this.#build();
    else if (!this.#zoomed) this.#plot.setData(this.#data());
    else {
      const { min, max } = this.#plot.scales.x;
      this.#plot.setData(this.#data(), false);
      this.#plot.setScale("x", { min, max });
    }
  }

  /** One point alone has no range that uPlot would draw. */
  #data() {
    const [time, value] = [this.#times[0], this.#values[0]];
    return this.#times.length === 1 ? [[time - 0.001, time], [value, value]] : [this.#times, this.#values];
  }

  #say(place) {
    const value = this.#values[place];
    const text = format.number(value) + (this.unit && value !== undefined ? ` ${this.unit}` : "");
    setText(this.last, text);
    const last = place === this.#values.length - 1;
    setText(this.when, last || place < 0 ? "" : format.timeOfDay(this.#times[place]));
    if (last) this.box.setAttribute("aria-label", `${this.name}: ${text}, ${this.#values.length} points`);
  }

  #resize() {
    const width = this.box.clientWidth;
    if (!width) return;
    if (this.#plot) this.#plot.setSize({ width, height: HEIGHT });
    else this.#build();
  }

  #build() {
    const width = this.box.clientWidth;
    if (!width || !this.#times.length) return;
    this.#plot?.destroy();
    this.#zoomed = false;
    const axis = {
      stroke: color("--muted"), font: "11px system-ui, sans-serif",
      grid: { stroke: color("--grid"), width: 1 }, ticks: { show: false },
    };
    this.#plot = new uPlot({
      width, height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false } },
      padding: [8, 30, 0, 0],
      scales: { x: { time: true, range: (_, from, to) => (this.#zoomed ? [from, to] : room(from, to)) }, y: { range: span } },
      axes: [
        { ...axis, size: 24, space: 84, values: (_, ticks) => ticks.map(label(ticks)) },
        { ...axis, size: (_, marked) => broad(marked), space: 28, values: (_, ticks) => marks(ticks) },
      ],
      series: [{}, {
        stroke: color("--accent"), width: 1.6, fill: color("--accent-faint"), fillTo: (plot) => plot.scales.y.min,
        points: { show: this.#times.length < 30, size: 4 },
      }],
      hooks: { setSelect: [(plot) => { this.#zoomed = plot.select.width > 0; }], setCursor: [(plot) => this.#say(Math.min(plot.cursor.idx ?? Infinity, this.#values.length - 1))] },
    }, this.#data(), this.box);
  }
}

function room(from, to) {
  return to === null ? [0, 1] : [Math.min(from, to - LEAST_S), to];
}

const clocks = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const minutes = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

function label(ticks) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : 60;
  const how = step < 60 ? clocks : step < 86400 ? minutes : days;
  return (seconds) => how.format(seconds * 1000);
}

function span(_plot, low, high) {
  if (low === null || high === null) return [0, 1];
  if (low === high) return [low - (Math.abs(low) * 0.1 || 1), high + (Math.abs(high) * 0.1 || 1)];
  const room = (high - low) * 0.08;
  return [low - room, high + room];
}

const SCALES = [[1e9, "G"], [1e6, "M"], [1e4, "k"], [0, ""]];
const BY = { G: 1e9, M: 1e6, k: 1e3, "": 1 };

/** What stands at the ticks of an axis: as many digits as make them differ. */
export function marks(ticks) {
  const most = Math.max(...ticks.map(Math.abs));
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : most || 1;
  if (most > 0 && (most < 1e-3 || most >= 1e13)) {
    const digits = Math.min(12, Math.max(0, Math.ceil(Math.log10(most / step) - 1e-9)));
    return ticks.map((value) => (value ? value.toExponential(digits) : "0"));
  }
  const scale = SCALES.find(([least]) => most >= least)[1];
  const digits = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step / BY[scale]) - 1e-9)));
  return ticks.map((value) => (value ? (value / BY[scale]).toFixed(digits) + scale : "0"));
}

/** Of the axis, in pixels: it grows with its longest mark. */
function broad(marked) {
  const longest = Math.max(0, ...(marked ?? []).map((text) => text.length));
  return Math.max(52, 14 + 7 * longest);
}

/** A grid of charts, one for each name that comes. */
export class Charts {
  #charts = new Map();

  constructor(none, limit = 600) {
    this.none = none;
    this.limit = limit;
    this.units = new Map();
    this.element = h("div", { class: "charts" }, none);
  }

  /** `series`: points by name. `all`: there are no others. */
  add(series, all) {
    if (all) {
      for (const [name, chart] of this.#charts) {
        if (Object.hasOwn(series, name)) continue;
        chart.remove();
        this.#charts.delete(name);
      }
    }
    for (const [name, points] of Object.entries(series)) {
      let chart = this.#charts.get(name);
      if (!chart) {
        chart = new Chart(name, this.limit, this.units.get(name));
        this.#charts.set(name, chart);
        this.element.append(chart.element);
      }
      chart.add(points, all);
    }
    this.none.hidden = this.#charts.size > 0;
  }

  unit(name, unit) {
    this.units.set(name, unit);
    const chart = this.#charts.get(name);
    if (chart) chart.unit = unit;
  }

  remove() {
    for (const chart of this.#charts.values()) chart.remove();
  }
}
