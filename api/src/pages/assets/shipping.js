// The shipping desk: forms that happen once, lists of what was scanned, files.

import { start as forms } from "./shipping-form.js";
import { start as items } from "./shipping-items.js";
import { start as files } from "./shipping-file.js";
import { on } from "./live.js";
import { ask } from "./node.js";

// Progress is told; where the telling is off, the page asks.
const POLL_MS = 1500;
let later = 0;

// Moments in the reader's own time.
export function moments(place) {
  for (const time of place.querySelectorAll("time[data-at]")) {
    time.dateTime = new Date(Number(time.dataset.at)).toISOString();
    time.textContent = new Date(Number(time.dataset.at)).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  }
}

// A file that is being worked through: the page's own part is asked for again until it has ended.
async function follow() {
  clearTimeout(later);
  const job = document.querySelector("#job[data-running]");
  if (!job) return;
  try {
    const answer = await ask("GET", location.pathname);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("job");
    moments(now);
    job.replaceWith(now);
  } catch {
    // Asked again; the page says itself how to look.
  }
  later = setTimeout(follow, POLL_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.ask) document.getElementById(button.dataset.ask).showModal();
  else if (button?.dataset.close !== undefined) button.closest("dialog").close();
  else if (button?.dataset.act === "print") print();
});

moments(document);
const list = items();
forms(list);
files();
follow();
on("job", follow);
document.documentElement.dataset.ready = "";
