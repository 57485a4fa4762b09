// Hears what is new while a page is in view, and shows it. On every page that has an element with `data-live`.
//
// `data-live="case job arrival"` names kinds of events. With `data-live-source="/desk/…"` the element's content is fetched anew from
// there when one comes; without, it is a line made by `live::notice` that counts. Scripts may listen themselves: `on("job", (data) => …)`.
// Events and their data:
//   case     { case, event: "case.raised" | "case.assigned" | "case.escalated" | "case.closed" | "case.reopened", … }
//   job      { job, state, events, captured, errors }     of the own party's captures
//   arrival  { offer, event: "handoff.offered" | "handoff.withdrawn", from }
//   again    {}     something may have been missed: look again

import { ask } from "./node.js";

const KINDS = ["case", "job", "arrival"];
// A burst is shown once.
const SETTLE_MS = 300;
// After a refusal: too many pages listen, or nobody is signed in any more.
const LATER_MS = 30000;

const listeners = new Map();
let source = null;
let last = document.querySelector('meta[name="live"]')?.content ?? "";
let isOver = false;
let later = 0;

export function on(kind, heard) {
  listeners.set(kind, [...(listeners.get(kind) ?? []), heard]);
}

function tell(kind, data) {
  for (const heard of listeners.get(kind) ?? []) heard(data);
}

// Pages out of view have no stream, since a browser has few connections to a host. They hear it all when they come back.
function open() {
  clearTimeout(later);
  if (source || isOver || document.visibilityState === "hidden") return;
  source = new EventSource(`/desk/live?${new URLSearchParams(last === "" ? {} : { from: last })}`);
  source.addEventListener("open", () => (document.documentElement.dataset.live = "on"));
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      last = event.lastEventId || last;
      tell(kind, JSON.parse(event.data));
    });
  }
  source.addEventListener("again", () => tell("again", {}));
  source.addEventListener("over", () => {
    isOver = true;
    close();
  });
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    later = setTimeout(open, LATER_MS);
  });
}

function close() {
  source?.close();
  source = null;
  delete document.documentElement.dataset.live;
}

document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", open);

// Elements

// One that is fetched anew, unless somebody is at work in it: then when they leave it.
function fresh(element) {
  let timer = 0;
  let isDue = false;
  const fetchAnew = async () => {
    if (element.contains(document.activeElement)) {
      isDue = true;
      return;
    }
    isDue = false;
    try {
      const answer = await ask("GET", element.dataset.liveSource);
      const html = await answer.text();
      if (element.contains(document.activeElement)) isDue = true;
      else if (element.innerHTML !== html) element.innerHTML = html;
    } catch {
      // What stands there stays; the next event comes back to it.
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(fetchAnew, SETTLE_MS);
  };
  element.addEventListener("focusout", () => isDue && soon());
  return soon;
}

// A line that counts what came, each thing once.
function counted(element) {
  const [line, said] = [element.firstElementChild, element.querySelector("span")];
  const seen = new Set();
  let timer = 0;
  return (data) => {
    seen.add(data.case ?? data.offer ?? data.job ?? "");
    clearTimeout(timer);
    timer = setTimeout(() => {
      said.textContent = seen.has("") ? element.dataset.liveAgain : element.dataset.liveSaid.replace("{count}", seen.size);
      line.hidden = false;
    }, SETTLE_MS);
  };
}

for (const element of document.querySelectorAll("[data-live]")) {
  const show = element.dataset.liveSource ? fresh(element) : counted(element);
  for (const kind of [...element.dataset.live.split(" "), "again"]) on(kind, show);
}
open();
