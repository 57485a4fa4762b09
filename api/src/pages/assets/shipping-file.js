// A file that is dropped or chosen, and sent to be captured. A file has one key, so sent twice it is one job.

import { Offline, Refused, refresh, session } from "./node.js";
import { explain, newKey, tell, trouble } from "./shipping-form.js";

const HEAD_BYTES = 1024;
const by = (id) => document.getElementById(id);
const said = by("said")?.dataset ?? {};

// What the file is, by how it begins; what is neither XML nor JSON is read as a table, whose errors say what a table needs.
async function kind(file) {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const first = new TextDecoder().decode(head).trimStart()[0];
  const isXml = isGzip ? /\.xml(\.gz)?$/i.test(file.name) : first === "<";
  const isTable = isGzip ? /\.csv(\.gz)?$/i.test(file.name) : first !== "<" && first !== "{";
  const media = isXml ? "application/xml" : isTable ? "text/csv" : "application/ld+json";
  return { media, isGzip };
}

function upload(file, { media, isGzip }, behaviour, key, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/capture");
    request.setRequestHeader("Accept", "application/json, application/problem+json");
    request.setRequestHeader("Content-Type", media);
    if (isGzip) request.setRequestHeader("Content-Encoding", "gzip");
    request.setRequestHeader("X-CSRF-Token", session.csrf);
    request.setRequestHeader("Idempotency-Key", key);
    request.setRequestHeader("GS1-Capture-Error-Behaviour", behaviour);
    request.upload.addEventListener("progress", (event) => progress(event.loaded / Math.max(event.total, 1)));
    request.addEventListener("error", () => reject(new Offline()));
    request.addEventListener("load", () => {
      let body = {};
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // Not one of the node's own answers.
      }
      if (request.status === 202) resolve(body);
      else reject(new Refused(request.status, body));
    });
    request.send(file);
  });
}

export function start() {
  const form = by("file-form");
  if (!form) return;
  const [drop, input, sent] = [form.querySelector(".drop"), by("file"), by("sent")];
  let key = newKey();
  let busy = false;

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length !== 1) {
      tell(said.many, "bad");
      return;
    }
    input.files = event.dataTransfer.files;
    key = newKey();
  });
  form.addEventListener("change", () => {
    key = newKey();
  });

  async function hand() {
    const file = input.files[0];
    if (busy) return;
    if (!file) {
      tell(said.many, "bad");
      input.focus();
      return;
    }
    busy = true;
    sent.hidden = false;
    tell(said.uploading);
    const behaviour = form.elements.behaviour.value;
    const once = async () => upload(file, await kind(file), behaviour, key, (part) => { sent.value = part; });
    try {
      const job = await once().catch(async (error) => {
        if (error.code !== "foreign_request") throw error;
        await refresh();
        return once();
      });
      trouble(null);
      location.assign(`/desk/shipping/files/${job.captureID}`);
    } catch (error) {
      explain(error, hand);
    } finally {
      busy = false;
      sent.hidden = true;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    hand();
  });
}
