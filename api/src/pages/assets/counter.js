// The counter: scan, verdict, act. What is done goes through the queue, so that it happens once, with or without a network.

import * as camera from "./camera.js";
import { ask, Offline, Refused, refresh, session } from "./node.js";
import * as queue from "./queue.js";
import { listen } from "./scanner.js";

const language = document.documentElement.lang;
const { default: words } = await import(`./words-${language}.js`);
const say = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const problem = ({ code, detail }) => words[`problem-${code}`] ?? detail ?? say("script-failed");

const by = (id) => document.getElementById(id);
const [field, shown, done] = [by("scan"), by("verdict"), by("done")];
const PENDING_MAX = 500;
const LAST_MAX = 20;
const MARKS = { may: "✓", ask: "?", stop: "✕" };
const NAMES = {
  verify: say("script-verify"),
  supply: say("script-supply"),
  dispense: say("script-dispense"),
  undo: say("script-undo"),
  remove: say("script-remove"),
  return: say("script-return"),
  report: say("script-report"),
};
const KEYS = { F2: ["supply", "remove"], F4: ["dispense", "return"], F9: ["undo", "report"] };

// The pack in hand: { text, pack, key, at, code }.
let current = null;
let isVerifying = false;
let leftOut = 0;
const pending = [];

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const tell = (text, kind = "") => {
  done.textContent = text;
  done.className = kind;
};

// Chance without a secure context, which a ward's plain HTTP is not.
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// The node's clock counts. How far this one is off was learnt with the last verdict.
const nodeTime = () => Date.now() + Number(localStorage.getItem("veridose-clock") ?? 0);
const learnTime = (now) => localStorage.setItem("veridose-clock", String(now - Date.now()));

// Scans, in their order

function scanned(text) {
  if (pending.length >= PENDING_MAX) {
    leftOut += 1;
    tell(say("script-too-many", { left: leftOut }), "bad");
    return;
  }
  pending.push({ text, key: newKey(), at: nodeTime() });
  verifyAll();
}

async function verifyAll() {
  if (isVerifying) return;
  isVerifying = true;
  shown.setAttribute("aria-busy", "true");
  try {
    while (pending.length > 0 && (await verify(pending[0]))) pending.shift();
    if (pending.length === 0) leftOut = 0;
  } finally {
    isVerifying = false;
    shown.removeAttribute("aria-busy");
  }
}

// Whether the scan is dealt with.
async function verify(scan) {
  tell(say("script-verifying"));
  try {
    const response = await ask("POST", "/desk/counter/verdict", { scan: scan.text });
    const html = new DOMParser().parseFromString(await response.text(), "text/html");
    const article = html.querySelector("article");
    learnTime(Number(article.dataset.now));
    trouble(null);
    tell("");
    show(article, scan);
    queue.send();
    return true;
  } catch (error) {
    if (error instanceof Offline) {
      trouble("offline");
      tell("");
      await withoutNetwork(scan);
      return true;
    }
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) {
      trouble("session");
      tell("");
      return false;
    }
    if (error.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return verify(scan);
    }
    tell(problem(error), "bad");
    return true;
  }
}

function show(article, scan) {
  const { scan: text, short, code, sign } = article.dataset;
  current = { ...scan, text: text ?? scan.text, pack: short ?? scan.text.slice(0, 40), code };
  shown.replaceChildren(article);
  remember(sign, current.pack, article.querySelector(".reason")?.textContent ?? "", current.text);
}

async function withoutNetwork(scan) {
  const article = by("without-network").content.cloneNode(true).querySelector("article");
  article.querySelector(".scan-text").textContent = scan.text;
  show(article, scan);
  await enqueue("verify", "/verifications", { scan: scan.text });
}

function remember(sign, pack, reason, text) {
  by("last-none").hidden = true;
  const again = make("button", { type: "button", className: "link" }, make("code", {}, pack));
  again.dataset.again = text;
  const mark = make("span", { className: `mark-${sign}`, title: reason }, MARKS[sign] ?? "");
  by("last").prepend(make("li", {}, mark, " ", again, " ", make("span", { className: "quiet" }, reason)));
  while (by("last").children.length > LAST_MAX) by("last").lastElementChild.remove();
}

// Acts

function offered(act) {
  const button = shown.querySelector(`button[data-act="${act}"]`);
  return current !== null && button !== null && !button.disabled;
}

function act(name) {
  if (!offered(name)) return;
  if (name === "supply") {
    commit("supply", "/decommissions", { items: [current.text], reason: "supplied" });
    return;
  }
  const dialog = by(`ask-${name}`);
  dialog.querySelector(".pack").textContent = say("script-pack", { pack: current.pack });
  dialog.showModal();
}

const asked = {
  dispense(form) {
    const [id, version] = (form.elements.chosen?.value ?? "").split(" ");
    const consent = id ? { id, version: Number(version) } : { id: form.elements.consent.value, version: Number(form.elements.version.value) };
    if (!consent.id) return null;
    return ["/dispenses", { items: [current.text], consent, prescription: form.elements.prescription.value }];
  },
  undo: (form) => ["/dispenses/undo", { items: [current.text], not_supplied: form.elements.not_supplied.checked }],
  remove: (form) => ["/decommissions", { items: [current.text], reason: form.elements.reason.value }],
  return: (form) => ["/handoffs", { to: form.elements.to.value, kind: "return", items: [current.text] }],
  report: (form) => [
    "/cases",
    {
      title: say("script-report-title", { code: current.code }),
      explanation: form.elements.explanation.value,
      codes: [current.code],
      items: [current.text],
    },
  ],
};

async function commit(name, path, body) {
  const dated = path === "/cases" ? body : { ...body, happened: new Date(nodeTime()).toISOString() };
  freeze(true);
  if (await enqueue(name, path, dated)) {
    tell(say("script-kept", { act: NAMES[name] }));
    queue.send();
  }
}

async function enqueue(name, path, body) {
  const of = current;
  try {
    return await queue.add({ key: `${of.key}-${name}`, act: name, pack: of.pack, text: of.text, at: Date.now(), path, body });
  } catch {
    tell(say("script-full"), "bad");
    if (current === of) freeze(false);
    return false;
  }
}

const freeze = (is) => {
  for (const button of shown.querySelectorAll("button[data-act]")) button.disabled = is;
};

// What became of an entry; without one the list changed.
function changed(entry, answer) {
  list();
  if (!entry) return;
  const isCurrent = current !== null && entry.key.startsWith(current.key);
  if (entry.act === "verify") {
    if (answer?.dispensable) remember("may", entry.pack, say("script-late-may"), entry.text);
    else if (answer) remember("stop", entry.pack, say("script-late-stop"), entry.text);
    return;
  }
  if (entry.state === "refused") {
    tell(say("script-refused", { reason: problem(entry) }), "bad");
    if (isCurrent) {
      // The next try is another request.
      current.key = newKey();
      freeze(false);
    }
    return;
  }
  const key = answer?.repeated ? "script-repeated" : "script-recorded";
  tell(say(key, { act: `${NAMES[entry.act]} ${entry.pack}`, index: answer?.index ?? "" }), "good");
  if (isCurrent) shown.querySelector("article")?.classList.add("over");
  today();
}

let lists = 0;

async function list() {
  lists += 1;
  const mine = lists;
  const { own, others } = await queue.entries();
  // A later list is newer.
  if (mine !== lists) return;
  const rows = own.map((entry) => {
    const state = entry.state === "refused" ? say("script-refused", { reason: problem(entry) }) : say("script-waiting");
    const row = make("li", { className: entry.state }, moment(entry.at), " ", make("strong", {}, NAMES[entry.act]), " ", make("code", {}, entry.pack), " ", state);
    if (entry.state === "refused") {
      const seen = make("button", { type: "button", className: "link" }, say("script-dismiss"));
      seen.addEventListener("click", () => queue.dismiss(entry.key));
      row.append(" ", seen);
    }
    return row;
  });
  for (const [account, count] of others) rows.push(make("li", {}, say("script-other-account", { account, count })));
  by("waiting").hidden = rows.length === 0;
  by("waiting-list").replaceChildren(...rows);
}

const moment = (at) => new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

async function today() {
  const midnight = new Date().setHours(0, 0, 0, 0);
  try {
    const response = await ask("GET", `${by("today").dataset.source}?since=${midnight}`);
    const html = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const time of html.querySelectorAll("time[data-at]")) time.textContent = moment(Number(time.dataset.at));
    by("today-list").replaceChildren(...html.body.children);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) trouble("session");
  }
}

// The network and the session

function trouble(which) {
  by("network").hidden = which !== "offline";
  by("session").hidden = which !== "session";
}

async function signedIn() {
  const before = session.account;
  try {
    await refresh();
  } catch {
    return;
  }
  if (session.account !== before) {
    location.reload();
    return;
  }
  trouble(null);
  list();
  verifyAll();
  queue.send();
  today();
}

new BroadcastChannel("veridose").addEventListener("message", signedIn);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && !by("session").hidden) signedIn();
});

// The page

async function findConsents() {
  const place = by("consents");
  try {
    const response = await ask("POST", "/desk/counter/consents", { patient: by("patient").value });
    const html = new DOMParser().parseFromString(await response.text(), "text/html");
    place.replaceChildren(...html.body.children);
    place.querySelector("input")?.focus();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) trouble("session");
    place.replaceChildren(make("p", { className: "notice" }, error instanceof Refused ? problem(error) : say("script-failed")));
  }
}

for (const dialog of document.querySelectorAll("dialog.ask")) {
  const form = dialog.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = form.dataset.act;
    const request = asked[name](form);
    if (request === null) {
      by("consents").replaceChildren(make("p", { className: "notice" }, say("script-no-consent")));
      return;
    }
    dialog.close();
    if (offered(name)) commit(name, ...request);
    form.reset();
    by("consents").replaceChildren();
  });
  dialog.addEventListener("close", () => field.focus());
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.act) act(button.dataset.act);
  else if (button?.dataset.again) scanned(button.dataset.again);
  else if (button?.dataset.meant) scanned(button.dataset.meant);
  else if (button?.dataset.close !== undefined) button.closest("dialog").close();
  const isFree = !event.target.closest("a, button, input, select, textarea, summary, label, dialog");
  if ((isFree && String(getSelection()) === "") || (button && shown.contains(button) && !document.querySelector("dialog[open]"))) field.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.repeat || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    field.focus();
    field.select();
  } else if (KEYS[event.key] && !event.altKey && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    act(KEYS[event.key][event.shiftKey ? 1 : 0]);
  }
});

by("find-consents").addEventListener("click", findConsents);
by("patient").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  findConsents();
});

if (camera.exists) {
  by("camera").hidden = false;
  by("camera").addEventListener("click", async () => {
    try {
      const text = await camera.read(by("look"), by("video"));
      if (text) scanned(text);
    } catch {
      tell(say("script-camera-denied"), "bad");
    }
    field.focus();
  });
}

listen(by("scan-form"), field, scanned);
queue.watch(changed, trouble);
list();
queue.send();
today();
field.focus();
// For who looks whether the page is ready.
document.documentElement.dataset.ready = "";
