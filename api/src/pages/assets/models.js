// Models: puts one to use, or goes back to the one before. The API does it; each page's wish happens once.

import { ask } from "./node.js";

const { default: words } = await import(`./words-${document.documentElement.lang}.js`);
const by = (id) => document.getElementById(id);
const act = by("act");
const said = by("said");

// Does what a form asks, once at a time, and tells what came of it.
function on(id, work) {
  by(id)?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    said.textContent = "";
    try {
      await work();
    } catch (error) {
      said.className = "bad";
      said.textContent = words[`problem-${error.code}`] ?? error.detail ?? words["script-failed"];
    } finally {
      button.disabled = false;
    }
  });
}

const note = () => by("note").value.trim();
const post = (path, body, headers) => ask("POST", path, body, { "Idempotency-Key": `${act.dataset.key}-${path}`, ...headers });

function done() {
  said.className = "good";
  said.textContent = said.dataset.done;
  location.reload();
}

on("promote", async () => {
  await post(`/models/${act.dataset.model}/promote`, { note: note() });
  done();
});

on("rollback", async () => {
  await post("/models/rollback", { kind: act.dataset.kind, note: note() });
  done();
});

// The name of a certificate is the hash of what stands between its lines.
async function fingerprint(text) {
  const found = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/.exec(text);
  if (!found || !crypto.subtle) return text.trim();
  const der = Uint8Array.from(atob(found[1].replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

on("prepare", async () => {
  const certificate = await fingerprint(by("certificate").value);
  const wanted = { Prefer: "return=unsigned", "Veridose-Certificate": certificate.replace(/[^\x20-\x7e]/g, "?") };
  const unsigned = await (await post(`/models/${act.dataset.model}/promote`, { note: note() }, wanted)).text();
  by("unsigned").href = URL.createObjectURL(new Blob([unsigned], { type: "application/json" }));
  by("prepare").hidden = true;
  by("sign").hidden = false;
  by("unsigned").focus();
});

on("sign", async () => {
  await ask("POST", "/transactions", by("signed").value.trim());
  done();
});

document.documentElement.dataset.ready = "";
