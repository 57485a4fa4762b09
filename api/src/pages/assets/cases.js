// The regulator's cases: steps are sent once and nothing typed is lost; proofs are checked here, by the browser.

import { ask, Offline, Refused, refresh } from "./node.js";
import { canCheck, check } from "./proof.js";

const language = document.documentElement.lang;
const { default: words } = await import(`./words-${language}.js`);
const say = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const problem = ({ code, detail }) => words[`problem-${code}`] ?? detail ?? say("script-failed");
const by = (id) => document.getElementById(id);

// Steps

// A form that waits for somebody to sign in again.
let waiting = null;

const tell = (text, kind = "") => {
  by("told").textContent = text;
  by("told").className = kind;
};

// What the API asks for, out of a form's fields.
function body(form) {
  const { note, to, outcome, lot } = Object.fromEntries(new FormData(form));
  const [gtin, number] = lot ? [lot.slice(0, lot.indexOf("/")), lot.slice(lot.indexOf("/") + 1)] : [];
  return {
    ...(note ? { note } : {}),
    ...(to ? { to } : {}),
    ...(outcome ? { outcome } : {}),
    ...(lot ? { lot: { gtin, lot: number } } : {}),
  };
}

async function send(form) {
  const buttons = document.querySelectorAll(".acts-of-case button");
  for (const button of buttons) button.disabled = true;
  tell(say("script-case-sending"));
  try {
    await ask("POST", form.dataset.path, body(form), { "Idempotency-Key": form.elements.key.value });
    location.assign(`${location.pathname}?done=${form.dataset.act}`);
    return;
  } catch (error) {
    if (error instanceof Offline) {
      tell(say("script-case-offline"), "bad");
    } else if (error instanceof Refused && error.status === 401) {
      waiting = form;
      tell("");
      by("session").hidden = false;
      by("session").scrollIntoView({ block: "nearest" });
    } else if (error instanceof Refused) {
      tell(problem(error), "bad");
    } else {
      tell(say("script-failed"), "bad");
    }
  }
  for (const button of buttons) button.disabled = false;
}

for (const form of document.querySelectorAll("form[data-path]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

// Somebody signed in beside this page: what waited goes on.
async function signedIn() {
  if (waiting === null) return;
  try {
    await refresh();
  } catch {
    return;
  }
  by("session").hidden = true;
  const form = waiting;
  waiting = null;
  send(form);
}

new BroadcastChannel("veridose").addEventListener("message", signedIn);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") signedIn();
});

// A page out of the browser's memory may show a form whose step was taken: its buttons work, and what it asked is not done twice.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Proofs

async function checkAll(section, button) {
  const counted = { good: 0, bad: 0, unknown: 0 };
  button.disabled = true;
  const key = await given("GET", section.dataset.key, (answer) => answer.text());
  for (const place of section.querySelectorAll(".proof")) {
    place.textContent = say("script-case-checking");
    const [kind, said] = await one(place.dataset.receipt, key, section.dataset.item);
    place.textContent = said;
    place.className = `proof ${kind}`;
    counted[kind] += 1;
  }
  by("proofs-done").textContent = say("script-case-proofs", counted);
  button.disabled = false;
}

// What the node answers; nothing where it does not.
async function given(method, path, read) {
  try {
    return await read(await ask(method, path));
  } catch {
    return null;
  }
}

// What a receipt comes to, and in words. One for the container that the pack lay in discloses no name.
async function one(path, key, item) {
  const unknown = (reason) => ["unknown", say("script-case-proof-unknown", { reason: say(`script-case-proof-${reason}`) })];
  if (!canCheck()) return unknown("no-crypto");
  const receipt = await given("GET", path, (answer) => answer.json());
  if (key === null || receipt === null) return unknown("no-answer");
  const name = receipt.items?.some(({ t }) => t !== undefined) ? item : undefined;
  const found = await check(receipt, key, { name });
  const failed = found.steps.find(({ holds }) => holds === false);
  if (failed) return ["bad", say("script-case-proof-false", { reason: say(`script-case-proof-${failed.step}`) })];
  return found.holds ? ["good", say("script-case-proof-true", found)] : unknown("no-crypto");
}

const button = by("check-proofs");
if (button !== null) {
  button.hidden = false;
  button.addEventListener("click", () => checkAll(by("evidence"), button));
}

document.documentElement.dataset.ready = "";
