// Forms that are sent to the API. A form has one key, so pressed twice or sent again after a lost answer it happens once. What is in
// it is kept in the tab until it was sent.

import { ask, Offline, Refused, refresh, session } from "./node.js";

const { default: words } = await import(`./words-${document.documentElement.lang}.js`);
const by = (id) => document.getElementById(id);
const said = by("said")?.dataset ?? {};
const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
export const problem = ({ code, detail }) => words[`problem-${code}`] ?? detail ?? said.failed;

// Chance without a secure context, which a warehouse's plain HTTP is not.
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export function tell(text, kind = "") {
  by("done").textContent = text;
  by("done").className = kind;
}

// Says so to the next page.
export const tellNext = (text) => sessionStorage.setItem("shipping-done", text);

// What waits for the network or a sign-in, to be done then.
let waiting = null;

export function trouble(which, again = null) {
  by("network").hidden = which !== "offline";
  by("session").hidden = which !== "session";
  waiting = again;
}

// What went wrong, told; `again` is done once somebody has signed in.
export function explain(error, again) {
  if (error instanceof Offline) {
    trouble("offline", again);
    tell("");
  } else if (error instanceof Refused && error.status === 401) {
    trouble("session", again);
    tell("");
  } else if (error instanceof Refused) {
    // What exactly is wrong is told in English only.
    const more = error.code === "invalid" && document.documentElement.lang === "en" ? ` ${error.detail}` : "";
    tell(problem(error) + more, "bad");
  } else {
    tell(said.failed, "bad");
    throw error;
  }
}

async function goOn() {
  const before = session.account;
  try {
    await refresh();
  } catch {
    return;
  }
  if (session.account !== before) return location.reload();
  const again = waiting;
  trouble(null);
  again?.();
}

const optional = (value) => (value.trim() === "" ? undefined : value.trim());

// What each kind of form asks of the API.
const bodies = {
  plain: () => ({}),
  offer: (form, list) => ({ to: form.elements.to.value, kind: form.elements.kind.value, items: list.links() }),
  make(form) {
    const serials = form.elements.serials.value.split(/\s+/).filter(Boolean);
    const packs = serials.length > 0 ? { serials } : { count: Number(form.elements.count.value) };
    return { gtin: form.elements.gtin.value.trim(), lot: form.elements.lot.value.trim(), expiry: optional(form.elements.expiry.value), ...packs };
  },
  recall(form, list) {
    const [kind, gtin, ...lot] = form.elements.target.value.split(" ");
    const target = kind === "lot" ? { lot: { gtin, lot: lot.join(" ") } } : kind === "product" ? { product: gtin } : { items: list.links() };
    return { ...target, class: Number(form.elements.class.value), reason: form.elements.reason.value.trim(), instructions: optional(form.elements.instructions.value) };
  },
  apart: (form, list) => ({ items: list.links(), note: document.querySelector("h1").textContent }),
  pack: (form, list) => ({ container: form.elements.container.value.trim(), items: list.links() }),
  accept: (form, list) => ({ discrepancies: list.discrepancies() }),
};

const kept = (form) => `shipping:${session.account}:${location.pathname}:${form.id}`;

function keep(form, list) {
  const fields = [...form.elements].filter((field) => field.name && field.type !== "file" && !field.closest(".rows"));
  const values = fields.map((field) => [field.name, field.type === "checkbox" || field.type === "radio" ? field.checked : field.value]);
  sessionStorage.setItem(kept(form), JSON.stringify({ values, list: list?.keep() }));
}

function restore(form, list) {
  let found = null;
  try {
    found = JSON.parse(sessionStorage.getItem(kept(form)));
  } catch {
    sessionStorage.removeItem(kept(form));
  }
  if (!found) return;
  const named = new Map();
  for (const [name, value] of found.values) named.set(name, [...(named.get(name) ?? []), value]);
  for (const field of form.elements) {
    const value = named.get(field.name)?.shift();
    if (value === undefined || field.name === "csrf") continue;
    if (typeof value === "boolean") field.checked = value;
    else field.value = value;
  }
  list?.restore(found.list);
}

// The field that is wrong gets the focus.
function point(form, error) {
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  const field = form.elements[(error.field ?? "").split(/[.[]/)[0]];
  if (!(field instanceof HTMLElement) || field.type === "hidden") return;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

// Sends the form to where it goes, and goes on from there; or as the button that was pressed says.
async function send(form, list, button = form) {
  const { to, then } = { ...form.dataset, ...button?.dataset };
  if (form.dataset.busy !== undefined) return;
  const body = bodies[form.dataset.send](form, list);
  if (body.items?.length === 0 && button?.dataset.empty === undefined) {
    tell(said.nothing, "bad");
    return;
  }
  form.dataset.busy = "";
  tell(said.sending);
  try {
    const answer = await (await ask("POST", to, body, { "Idempotency-Key": form.elements.key.value })).json();
    trouble(null);
    sessionStorage.removeItem(kept(form));
    tellNext(put(said.kept, { index: answer.index ?? "" }));
    // In the form's place, so that nobody comes back to a form that was sent.
    location.replace(then === "" ? location.pathname : put(then, answer));
  } catch (error) {
    delete form.dataset.busy;
    form.closest("dialog")?.close();
    if (error instanceof Refused && error.status < 500 && error.status !== 401 && error.status !== 429) {
      // It did not happen; the next try is another request.
      form.elements.key.value = newKey();
      if (form.dataset.keep !== undefined) keep(form, list);
    }
    point(form, error);
    explain(error, () => send(form, list, button));
  }
}

export function start(list) {
  for (const form of document.querySelectorAll("form[data-send]")) {
    const own = form.querySelector("#items") ? list : null;
    if (form.dataset.keep !== undefined) {
      restore(form, own);
      for (const kind of ["input", "change"]) form.addEventListener(kind, () => keep(form, own));
      own?.watch(() => keep(form, own));
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, own, event.submitter ?? form);
    });
  }
  const told = sessionStorage.getItem("shipping-done");
  if (told) {
    sessionStorage.removeItem("shipping-done");
    tell(told, "good");
  }
  new BroadcastChannel("veridose").addEventListener("message", goOn);
  addEventListener("online", () => !by("network").hidden && goOn());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && !by("session").hidden) goOn();
  });
}
