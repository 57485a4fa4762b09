// The ledger's pages: proofs are checked here, by the browser itself.

import { ask, Offline } from "./node.js";
import { base64, canCheck, check, checkpointOf, isContinued, unhex } from "./proof.js";

const by = (id) => document.getElementById(id);

// Shows what was found, step by step.
function show(list, steps) {
  list.hidden = false;
  const { good, bad, unsure, holds, fails, unable } = list.dataset;
  for (const line of list.querySelectorAll("li")) {
    const found = steps.find(({ step }) => step === line.dataset.step);
    line.hidden = !found;
    if (!found) continue;
    line.dataset.state = String(found.holds);
    line.querySelector(".held").textContent = { true: holds, false: fails, null: unable }[found.holds];
    line.querySelector(".why").textContent = found.why;
  }
  const state = steps.some((step) => step.holds === false) ? false : steps.every((step) => step.holds) ? true : null;
  list.dataset.state = String(state);
  list.querySelector(".result").textContent = { true: good, false: bad, null: unsure }[state];
}

const unchecked = (step) => [{ step, holds: null, why: "" }];

// A transaction

const proof = by("proof");
by("verify")?.addEventListener("click", async () => {
  const list = proof.querySelector(".checks");
  if (!canCheck()) return show(list, unchecked("checkpoint"));
  const { receipt: source, key, certificate, name } = proof.dataset;
  try {
    const receipt = await (await ask("GET", source)).json();
    const { steps } = await check(receipt, key, { certificate: certificate && base64(certificate), name });
    show(list, steps);
  } catch (error) {
    show(list, [{ step: "checkpoint", holds: null, why: error.message }]);
  }
});

// A receipt that somebody brings, checked with the key of this page's log

const own = by("own");
own?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const list = own.parentElement.querySelector(".checks");
  if (!canCheck()) return show(list, unchecked("checkpoint"));
  let receipt;
  try {
    receipt = JSON.parse(by("receipt").value);
  } catch {
    return show(list, [{ step: "transaction", holds: false, why: own.dataset.unreadable }]);
  }
  const { steps } = await check(receipt ?? {}, by("checkpoint").dataset.key, { name: by("name").value.trim() });
  show(list, steps);
});

// The checkpoint, and whether it continues the one that this browser saw before: so each browser is a witness

async function remember() {
  const { key, checkpoint } = by("checkpoint").dataset;
  const list = by("checkpoint").querySelector(".checks");
  const place = `veridose-log-${key}`;
  const steps = [];
  const tried = async (step, work) => {
    try {
      await work();
      steps.push({ step, holds: true, why: "" });
    } catch (error) {
      steps.push({ step, holds: error instanceof Offline ? null : false, why: error.message });
    }
  };
  let now;
  await tried("checkpoint", async () => (now = await checkpointOf(checkpoint, key)));
  const before = JSON.parse(localStorage.getItem(place) ?? "null");
  if (now && before) {
    await tried("continued", async () => {
      const answer = await (await ask("GET", `/desk/ledger/continued?from=${before.size}`)).json();
      const next = await checkpointOf(answer.checkpoint, key);
      const [old, grown] = [before, next].map(({ size, root }) => [BigInt(size), unhex(root)]);
      if (!(await isContinued(old, grown, answer.hashes.map(unhex)))) throw new Error("an entry that was there is not, or is another one");
      now = next;
    });
  }
  show(list, steps);
  tell(before);
  if (!steps.every(({ holds }) => holds)) return;
  const day = new Date().toISOString().slice(0, 10);
  localStorage.setItem(place, JSON.stringify({ size: String(now.size), root: now.root, day }));
}

function tell(before) {
  const line = by("remembered");
  line.textContent = before ? line.dataset.before.replace("{size}", before.size).replace("{day}", before.day) : line.dataset.first;
}

if (by("checkpoint")) {
  if (canCheck()) await remember();
  else show(by("checkpoint").querySelector(".checks"), unchecked("checkpoint"));
}
document.documentElement.dataset.ready = "";
