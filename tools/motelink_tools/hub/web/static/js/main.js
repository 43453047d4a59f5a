// Which page is shown, and whether the hub is there.

import { empty, entitle, h } from "./dom.js";
import { live } from "./live.js";
import { boardPage } from "./board.js";
import { boardsPage } from "./boards.js";
import { devicePage } from "./device.js";
import { graphPage } from "./graph.js";
import { graphsPage } from "./graphs.js";
import { logPage } from "./log.js";
import { loginPage } from "./login.js";
import { overviewPage } from "./overview.js";

const main = document.getElementById("main");
const STATES = {
  connecting: "connecting",
  live: "live",
  lost: "hub away, trying again",
  token: "token needed",
};
let leaving = new AbortController();

/** Each page gets its part of the address, and a signal that is given when it is left; it returns
 * what is shown, the title, and what the stream is to bring. */
function route() {
  const [page = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const words = rest.map(decode);
  const { signal } = leaving;
  if (page === "") return overviewPage(signal);
  if (page === "device" && words.length === 2) return devicePage(...words, signal);
  if (page === "graphs") return graphsPage(signal);
  if (page === "graph" && words.length === 2) return graphPage(...words, signal);
  if (page === "boards") return boardsPage(signal);
  if (page === "board" && words.length === 1) return boardPage(words[0], signal);
  if (page === "log") return logPage(signal);
  return {
    name: "", title: "Nothing here", wanted: {},
    content: [empty("There is no such page.", h("a", { href: "#/" }, "All devices"))],
  };
}

function decode(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

function show(first) {
  leaving.abort();
  leaving = new AbortController();
  const { name, title, content, wanted } = route();
  entitle(title);
  main.replaceChildren(...content);
  main.setAttribute("aria-busy", "true"); // until the stream has told what there is
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  live.open(wanted);
  if (!first) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

live.addEventListener("state", ({ detail }) => {
  const pill = document.getElementById("connection");
  pill.textContent = STATES[detail];
  pill.dataset.state = detail;
  document.body.dataset.state = detail;
  if (detail === "token") {
    leaving.abort();
    main.removeAttribute("aria-busy");
    main.replaceChildren(...loginPage(() => show(false)));
    main.querySelector("input").focus();
  }
});

live.addEventListener("devices", ({ detail }) => {
  if (detail.all) requestAnimationFrame(() => main.removeAttribute("aria-busy"));
});

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => show(false));
show(true);
