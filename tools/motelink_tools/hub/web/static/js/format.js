// Numbers, sizes and times for people; times in the viewer's zone.

import { h, setAttribute, setText } from "./dom.js";

const counts = new Intl.NumberFormat("en");
const large = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

// The hub's clock may be another than the viewer's: seconds that it is ahead.
let ahead = 0;

export function clockOfHub(seconds) {
  ahead = seconds - Date.now() / 1000;
}

/** What time it is for the hub, in seconds. */
export function now() {
  return Date.now() / 1000 + ahead;
}

export const NONE = "–";

export function count(value) {
  return value >= 1e6 ? `${(value / 1e6).toFixed(value >= 1e7 ? 0 : 1)} M` : counts.format(value);
}

export function rate(value) {
  if (!value) return "0";
  return value >= 100 ? counts.format(Math.round(value)) : value.toFixed(1);
}

export function bytes(value) {
  if (value === null || value === undefined) return NONE;
  if (value < 1024) return `${Math.round(value)} B`;
  if (value < 1024 * 1024) return `${(value / 1024).toFixed(value < 102400 ? 1 : 0)} KiB`;
  return `${(value / 1048576).toFixed(1)} MiB`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return NONE;
  return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return counts.format(value);
  const size = Math.abs(value);
  if (size >= 1e6 && size < 1e12) return large.format(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(6)));
}

/** "4 s", "12 min": how much time has passed. */
export function since(seconds) {
  const passed = Math.max(0, now() - seconds);
  if (passed < 60) return `${Math.floor(passed)} s`;
  if (passed < 3600) return `${Math.floor(passed / 60)} min`;
  if (passed < 86400) return `${Math.floor(passed / 3600)} h`;
  return `${Math.floor(passed / 86400)} d`;
}

export function age(seconds) {
  return now() - seconds < 1.5 ? "now" : `${since(seconds)} ago`;
}

export function iso(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

export function timeOfDay(seconds) {
  return iso(seconds) ? clock.format(seconds * 1000) : NONE;
}

export function moment(seconds) {
  return iso(seconds) ? moments.format(seconds * 1000) : NONE;
}

/** A <time> that says it as `how` does, and in ISO 8601 on hover. */
export function time(seconds, how = timeOfDay) {
  const stamp = iso(seconds);
  return h("time", { datetime: stamp, title: stamp }, how(seconds));
}

/** Make a <time> say how long ago that is; "–" for never. */
export function setAge(element, seconds) {
  setText(element, seconds ? age(seconds) : NONE);
  if (seconds) {
    setAttribute(element, "datetime", iso(seconds));
    setAttribute(element, "title", iso(seconds));
  }
}
