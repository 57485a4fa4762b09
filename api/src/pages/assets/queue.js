// What was done at the desk and is not sent yet. Each entry stands by itself in the browser's safe, under the key that makes it
// happen once: two windows, a double click or a sending that broke off cannot make two of it.

import { ask, Offline, Refused, session } from "./node.js";
import * as safe from "./safe.js";

const ENTRIES_MAX = 5000;
const AGAIN_MS = 5000;
// A day after it was sent nobody asks for it.
const SENT_KEPT_MS = 86_400_000;

// The other windows.
const windows = new BroadcastChannel("veridose-counter");
let listener = () => {};
let timer = 0;
let running = false;
let wanted = false;
let mayLose = false;

const all = async () => (await safe.all()).sort((one, other) => one.at - other.at);

const keep = (entry) => safe.put(entry.key, entry);

function changed(...what) {
  windows.postMessage("changed");
  listener(...what);
}

// What waits or was refused, of this account, and how much of others.
export async function entries() {
  const open = (await all()).filter((entry) => entry.state !== "sent");
  mayLose = !safe.isKept && open.some((entry) => entry.state === "waiting");
  const others = new Map();
  for (const { account } of open.filter((entry) => entry.account !== session.account)) {
    others.set(account, (others.get(account) ?? 0) + 1);
  }
  return { own: open.filter((entry) => entry.account === session.account), others };
}

export const dismiss = async (key) => {
  await safe.remove(key);
  changed();
};

// Takes an entry { key, act, pack, text, at, path, body }. One that is there stays as it is.
export async function add(entry) {
  if ((await all()).filter((other) => other.state === "waiting").length >= ENTRIES_MAX) throw new Error("full");
  if (!(await safe.add(entry.key, { ...entry, account: session.account, state: "waiting" }))) return false;
  changed();
  return true;
}

// `heard(entry, answer)` is called with what was sent or refused, and without anything when the list changed.
export function watch(heard, trouble) {
  listener = heard;
  onTrouble = trouble;
  windows.addEventListener("message", () => heard());
  addEventListener("online", () => send());
  // What no browser keeps is lost with its window.
  addEventListener("beforeunload", (event) => mayLose && event.preventDefault());
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
  for (const entry of await all()) {
    if (entry.state === "sent" && Date.now() - entry.sentAt > SENT_KEPT_MS) await safe.remove(entry.key);
    if (entry.state !== "waiting" || entry.account !== session.account) continue;
    try {
      const response = await ask("POST", entry.path, entry.body, { "Idempotency-Key": entry.key });
      const answer = await response.json();
      // The body may name a prescription: once sent, it is not kept.
      const sent = { ...entry, body: null, state: "sent", sentAt: Date.now() };
      await keep(sent);
      onTrouble(null);
      changed(sent, answer);
    } catch (error) {
      if (!(error instanceof Refused)) return wait("offline");
      if (error.status === 401) return onTrouble("session");
      if (error.status === 429 || error.status >= 500) return wait("offline");
      const refused = { ...entry, body: null, state: "refused", code: error.code, detail: error.detail };
      await keep(refused);
      changed(refused, null);
    }
  }
  return undefined;
}

function wait(why) {
  onTrouble(why);
  clearTimeout(timer);
  timer = setTimeout(send, AGAIN_MS);
}
