// The one stream of a page. Comes back by itself, and begins with everything there is.

import { get } from "./api.js";
import { clockOfHub } from "./format.js";

const SILENCE_MS = 15000;
const AGAIN_MS = 1000;
const HIDDEN_MS = 20000;
const EVENTS = ["hub", "devices", "device", "about", "graphs", "graph", "seen", "boards", "console", "log", "still"];

class Live extends EventTarget {
  #source = null;
  #wanted = {};
  #heard = 0;
  #again = 0;
  #hidden = 0;
  #asleep = false;
  state = "connecting";
  devices = new Map();
  hub = null;
  known = false; // whether the devices have ever been told

  constructor() {
    super();
    setInterval(() => this.#watch(), 2000);
    // A browser has six connections to a server: pages that nobody sees give theirs back.
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hidden);
      if (document.hidden) this.#hidden = setTimeout(() => this.#sleep(), HIDDEN_MS);
      else if (!this.#source) this.open(this.#wanted);
    });
  }

  /** Follow the devices, and what else is wanted: {device}, {graph}, {graphs},
   * {boards}, {board}, {log}. */
  open(wanted) {
    this.#close();
    this.#asleep = false;
    this.#wanted = wanted;
    this.#heard = Date.now();
    const source = new EventSource(`api/live?${new URLSearchParams(wanted)}`);
    this.#source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        this.#heard = Date.now();
        this.#take(name, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => this.#lost());
  }

  #close() {
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = null;
  }

  #sleep() {
    this.#asleep = true;
    this.#close();
  }

  #take(name, data) {
    if (name === "hub") {
      this.hub = data;
      clockOfHub(data.time);
      this.#say("live");
    }
    if (name === "devices") this.#merge(data);
    this.dispatchEvent(new CustomEvent(name, { detail: data }));
  }

  #merge({ all, rows, gone }) {
    if (all) this.devices.clear();
    for (const row of rows) this.devices.set(key(row.platform, row.id), row);
    for (const [platform, id] of gone) this.devices.delete(key(platform, id));
    this.known = true;
  }

  #say(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  async #lost() {
    this.#say("lost");
    this.#close();
    try {
      await get("hub");
    } catch (error) {
      if (error.kind === "token") {
        this.#say("token");
        return;
      }
    }
    clearTimeout(this.#again);
    if (!this.#asleep) this.#again = setTimeout(() => this.#source ?? this.open(this.#wanted), AGAIN_MS);
  }

  #watch() {
    if (this.#source && Date.now() - this.#heard > SILENCE_MS) this.#lost();
  }
}

export function key(platform, id) {
  return `${platform}/${id}`;
}

export const live = new Live();

/** Listen until the signal says that the page is left. */
export function follow(name, signal, take) {
  live.addEventListener(name, (event) => take(event.detail), { signal });
}
