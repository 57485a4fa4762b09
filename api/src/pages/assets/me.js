// The patient's portal: forms that are sent once and lose nothing, the passkey's signature, and proofs checked in the page.

import { check } from "./access-proof.js";
import { ask, Offline, Refused, refresh } from "./node.js";
import { canCheck } from "./proof.js";

const language = document.documentElement.lang;
const { default: words } = await import(`./words-${language}.js`);
const by = (id) => document.getElementById(id);
const canSign = typeof PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

for (const time of document.querySelectorAll("time[data-at]")) {
  time.textContent = new Date(Number(time.dataset.at)).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

// On a narrow screen the links are a row that scrolls.
document.querySelector(".parts [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// Forms

for (const form of document.querySelectorAll("form[data-act]")) {
  if (canSign) for (const button of form.querySelectorAll("[data-passkey]")) button.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, event.submitter?.value ?? "custodian");
  });
}

// What is under way is not begun again: a second click does nothing.
async function send(form, by) {
  await once(form, async (told) => {
    told.textContent = told.dataset.sending;
    const fields = { ...Object.fromEntries(new FormData(form)), by };
    const answer = await (await ask("POST", new URL(form.action).pathname, fields)).json();
    if (answer.sign) await sign(answer.sign, fields.key, told);
    // The form leaves the history: going back does not lead to it again.
    location.replace(answer.next);
    return "gone";
  });
}

async function sign({ ceremony, statement, publicKey }, key, told) {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  // The passkey signs the hash of the statement and of nothing else.
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(statement)));
  if (String(new Uint8Array(options.challenge)) !== String(hash)) throw new Error(told.dataset.altered);
  told.textContent = told.dataset.unlock;
  const credential = await navigator.credentials.get({ publicKey: options });
  await ask("POST", `/patients/me/signatures/${ceremony}`, { credential: credential.toJSON() }, { "Idempotency-Key": `${key}-signed` });
}

// Does the work of a form, once at a time, and tells what became of it.
async function once(form, work) {
  if (form.dataset.busy !== undefined) return;
  form.dataset.busy = "";
  form.setAttribute("aria-busy", "true");
  const told = form.querySelector("[data-told]");
  told.classList.remove("bad");
  let end;
  try {
    end = await work(told);
  } catch (error) {
    tell(form, told, error);
  }
  if (end !== "gone") {
    delete form.dataset.busy;
    form.removeAttribute("aria-busy");
  }
}

function tell(form, told, error) {
  told.classList.add("bad");
  if (error instanceof Offline) {
    told.textContent = told.dataset.offline;
  } else if (error instanceof Refused && error.status === 401) {
    told.textContent = "";
    by("session").hidden = false;
    by("session").scrollIntoView({ block: "center" });
  } else if (error instanceof Refused) {
    told.textContent = words[`problem-${error.code}`] ?? error.detail;
    // Nothing was done, so the next try is another request.
    form.elements.key.value = crypto.randomUUID();
  } else if (error instanceof DOMException) {
    // The patient did not unlock the passkey, or has none of these.
    told.textContent = told.dataset.unsigned;
  } else {
    told.textContent = error.message;
  }
}

// The session

new BroadcastChannel("veridose").addEventListener("message", signedIn);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && !by("session").hidden) signedIn();
});

async function signedIn() {
  try {
    await refresh();
    by("session").hidden = true;
  } catch {
    // Still nobody.
  }
}

// A page that the browser kept whole may be older than what was done since.
globalThis.addEventListener("pageshow", (event) => event.persisted && location.reload());

// Passkeys

const make = by("make-passkey");
if (make) {
  const told = make.querySelector("[data-told]");
  if (canSign) make.querySelector("[data-ready]").disabled = false;
  else told.textContent = told.dataset.unable;
  make.addEventListener("submit", (event) => {
    event.preventDefault();
    once(make, async (told) => {
      const { ceremony, publicKey } = await (await ask("POST", "/patients/me/passkeys/options")).json();
      told.textContent = told.dataset.unlock;
      const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
      await ask("POST", "/patients/me/passkeys", { ceremony, label: make.elements.label.value, credential: credential.toJSON() });
      location.reload();
      return "gone";
    });
  });
}

for (const form of document.querySelectorAll("form[data-sure]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.sure)) event.preventDefault();
  });
}

// Proofs

const said = by("proof-words")?.dataset;
let logKey;

async function prove(row) {
  const place = row.querySelector(".proof");
  const show = (kind, text, ...more) => {
    row.dataset.proof = kind;
    const sign = { holds: "✓", part: "✓", broken: "✕" }[kind] ?? "…";
    place.replaceChildren(element("p", `verdict-line ${kind}`, `${sign} ${text}`), ...more);
    return kind === "holds";
  };
  show("checking", said.checking);
  try {
    logKey ??= await (await ask("GET", "/log/key")).text();
    const answer = await ask("GET", `/patients/me/accesses?proofs=true&perPage=1&nextPageToken=${row.dataset.place}`);
    const [access] = (await answer.json()).items;
    if (access?.leaf !== row.dataset.leaf) return show("broken", said.broken);
    if (!access.proof) return show("waits", said.waits);
    const checked = await check(access, logKey);
    const kind = checked.isBroken ? "broken" : checked.holds ? "holds" : "part";
    return show(kind, said[kind], steps(checked.steps), written(access.record));
  } catch (error) {
    if (error instanceof Refused && error.status === 401) by("session").hidden = false;
    return show("failed", error instanceof Refused ? words[`problem-${error.code}`] ?? error.detail : error instanceof Offline ? said.offline : said.broken);
  }
}

function steps(all) {
  const list = document.createElement("ul");
  for (const { step, holds } of all) {
    const text = document.querySelector(`#proof-words [data-step="${step}"]`)?.textContent ?? step;
    list.append(element("li", "", `${holds === true ? "✓" : holds === false ? "✕" : "?"} ${text}`));
  }
  return list;
}

function written(record) {
  const details = document.createElement("details");
  const text = element("pre", "", JSON.stringify(JSON.parse(record), null, 1));
  text.tabIndex = 0;
  details.append(element("summary", "", said.record), text);
  return details;
}

const element = (tag, className, textContent) => Object.assign(document.createElement(tag), { className, textContent });

const rows = [...document.querySelectorAll("#accesses > li[data-place]")];
if (canCheck()) {
  for (const row of rows) {
    const button = row.querySelector("button.check");
    button.hidden = false;
    button.addEventListener("click", () => prove(row));
  }
  const all = by("check-all");
  if (all) {
    all.hidden = false;
    all.addEventListener("click", async () => {
      all.disabled = true;
      for (const row of rows) await prove(row);
      all.disabled = false;
    });
  }
}

// The receipt of an erasure

const keep = by("keep-receipt");
if (keep) {
  keep.hidden = false;
  keep.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([by("receipt-text").textContent], { type: "application/json" }));
    Object.assign(document.createElement("a"), { href: address, download: keep.dataset.file }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
}

// For who looks whether the page is ready.
document.documentElement.dataset.ready = "";
