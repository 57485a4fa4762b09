// What was done at the desk and is not sent yet. Each entry stands by itself in the browser's store, under the key that makes it
// happen once: two windows, a double click or a sending that broke off cannot make two of it.

import { ask, Offline, Refused, session } from "./node.js";

const PREFIX = "counter:";
const ENTRIES_MAX = 5000;
const AGAIN_MS = 5000;
// A day after it was sent nobody asks for it.
const SENT_KEPT_MS = 86_400_000;

let listener = () => {};
let timer = 0;
let running = false;
let wanted = false;

function all() {
  const found = [];
  for (let at = 0; at < localStorage.length; at += 1) {
    const name = localStorage.key(at);
    if (!name?.startsWith(PREFIX)) continue;
    try {
      found.push(JSON.parse(localStorage.getItem(name)));
    } catch {
      localStorage.removeItem(name);
    }
  }
  return found.sort((one, other) => one.at - other.at);
}

const keep = (entry) => localStorage.setItem(PREFIX + entry.key, JSON.stringify(entry));

// What waits or was refused, of this account, and how much of others.
export function entries() {
  const open = all().filter((entry) => entry.state !== "sent");
  const others = new Map();
  for (const { account } of open.filter((entry) => entry.account !== session.account)) {
    others.set(account, (others.get(account) ?? 0) + 1);
  }
  return { own: open.filter((entry) => entry.account === session.account), others };
}

export const dismiss = (key) => {
  localStorage.removeItem(PREFIX + key);
  listener();
};

// Takes an entry { key, act, pack, text, at, path, body }. One that is there stays as it is.
export function add(entry) {
  if (localStorage.getItem(PREFIX + entry.key) !== null) return false;
  if (all().filter((other) => other.state === "waiting").length >= ENTRIES_MAX) throw new Error("full");
  keep({ ...entry, account: session.account, state: "waiting" });
  listener();
  return true;
}

// `changed(entry, answer)` is called with what was sent or refused, and without anything when the list changed.
export function watch(changed, trouble) {
  listener = changed;
  onTrouble = trouble;
  addEventListener("storage", (event) => event.key?.startsWith(PREFIX) && changed());
  addEventListener("online", () => send());
}

let onTrouble = () => {};

// Sends what waits, one after another, in one window at a time.
export async function send() {
  wanted = true;
  if (running) return;
  running = true;
  clearTimeout(timer);
  try {
    while (wanted) {
      wanted = false;
      if (navigator.locks) await navigator.locks.request("veridose-counter", sendAll);
      else await sendAll();
    }
  } finally {
    running = false;
  }
}

async function sendAll() {
  for (const entry of all()) {
    if (entry.state === "sent" && Date.now() - entry.sentAt > SENT_KEPT_MS) localStorage.removeItem(PREFIX + entry.key);
    if (entry.state !== "waiting" || entry.account !== session.account) continue;
    try {
      const response = await ask("POST", entry.path, entry.body, { "Idempotency-Key": entry.key });
      const answer = await response.json();
      // The body may name a prescription: once sent, it is not kept.
      const sent = { ...entry, body: null, state: "sent", sentAt: Date.now() };
      keep(sent);
      onTrouble(null);
      listener(sent, answer);
    } catch (error) {
      if (!(error instanceof Refused)) return wait("offline");
      if (error.status === 401) return onTrouble("session");
      if (error.status === 429 || error.status >= 500) return wait("offline");
      const refused = { ...entry, body: null, state: "refused", code: error.code, detail: error.detail };
      keep(refused);
      listener(refused, null);
    }
  }
  return undefined;
}

function wait(why) {
  onTrouble(why);
  clearTimeout(timer);
  timer = setTimeout(send, AGAIN_MS);
}
