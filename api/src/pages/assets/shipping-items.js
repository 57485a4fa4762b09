// What was scanned: a list that grows, or one that is ticked off.

import { ask } from "./node.js";
import { explain, tell, trouble } from "./shipping-form.js";
import { listen } from "./scanner.js";

const ITEMS_MAX = 2000;
const LATER_MS = 1000;

const by = (id) => document.getElementById(id);
const said = by("said")?.dataset ?? {};
const rows = (list) => [...(list?.querySelectorAll("li[data-item]") ?? [])];

export function start() {
  const form = by("scan-form");
  if (!form) return null;
  const [list, extra, counted] = [by("items"), by("extra"), by("counted")];
  const [purpose, container] = [form.dataset.purpose, by("container")];
  const pending = [];
  let busy = false;
  let changed = () => {};

  function count() {
    const seen = list.querySelectorAll("li.seen").length;
    if (counted) counted.textContent = purpose === "check" ? `${seen} / ${list.children.length}` : rows(list).length === 0 ? said.nothing : said.counted.replace("{count}", rows(list).length);
    if (by("extra-title")) by("extra-title").hidden = extra.children.length === 0;
    changed();
  }

  function add(place, row) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "link", textContent: said.remove });
    button.setAttribute("aria-label", `${said.remove} ${row.querySelector("code").textContent}`);
    button.dataset.act = "remove";
    row.append(button);
    place.prepend(row);
  }

  const find = (place, link) => rows(place).find((row) => row.dataset.item === link);

  function take(row) {
    const [link, name] = [row.dataset.item, row.querySelector("code").textContent];
    tell("");
    if (purpose === "check") {
      const known = find(list, link);
      if (known) {
        tick(known);
      } else if (!find(extra, link)) {
        add(extra, row);
        tell(`${name} — ${said.surplus}`, "bad");
      }
    } else if (purpose === "pack" && container.value === "" && /\/00\/\d{18}$/.test(link)) {
      container.value = name;
    } else if (purpose === "pack" && container.value === name) {
      tell(`${said.twice} ${name}`);
    } else if (find(list, link)) {
      tell(`${said.twice} ${name}`);
    } else if (rows(list).length >= ITEMS_MAX) {
      tell(said.full, "bad");
    } else {
      add(list, row);
      if (row.dataset.sign === "mark-stop") tell(`${name} — ${row.querySelector("div p:last-child").textContent}`, "bad");
    }
    count();
  }

  function tick(row) {
    row.classList.add("seen");
    row.querySelector(".tick").textContent = "✓";
    const select = row.querySelector("select");
    if (select.value === "missing") select.value = "";
  }

  async function look() {
    if (busy) return;
    busy = true;
    try {
      while (pending.length > 0) {
        const answer = await ask("POST", "/desk/shipping/look", { scan: pending[0] });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const row = page.querySelector("li");
        trouble(null);
        if (row) take(document.adoptNode(row));
        else tell(page.querySelector("[data-unread]")?.textContent ?? said.failed, "bad");
        pending.shift();
      }
    } catch (error) {
      // Faster than the node takes them: the scan waits, and so do those behind it.
      if (error.status === 429) setTimeout(look, LATER_MS);
      else explain(error, look);
      if (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429) pending.shift();
    } finally {
      busy = false;
    }
  }

  listen(form, by("scan"), (text) => {
    pending.push(text);
    look();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    const act = button?.dataset.act;
    if (act === "remove") button.closest("li").remove();
    else if (act === "clear") list.replaceChildren();
    else if (act === "other") container.value = "";
    else if (act === "unseen") {
      for (const row of list.querySelectorAll("li:not(.seen) select:enabled")) row.value = "missing";
    } else return;
    count();
    by("scan").focus();
  });
  count();

  return {
    links: () => rows(list).map((row) => row.dataset.item).reverse(),
    discrepancies() {
      const odd = rows(list).map((row) => ({ item: row.dataset.item, kind: row.querySelector("select").value }));
      const surplus = rows(extra).map((row) => ({ item: row.dataset.item, kind: "surplus" }));
      return [...odd.filter(({ kind }) => kind !== ""), ...surplus];
    },
    watch: (listener) => {
      changed = listener;
    },
    keep: () => ({
      rows: purpose === "check" ? [] : rows(list).map((row) => row.outerHTML),
      extra: rows(extra).map((row) => row.outerHTML),
      ticks: purpose === "check" ? rows(list).map((row) => [row.dataset.item, row.classList.contains("seen"), row.querySelector("select").value]) : [],
    }),
    restore(kept) {
      if (!kept) return;
      const read = (html) => new DOMParser().parseFromString(`<ul>${html}</ul>`, "text/html").querySelector("li");
      if (purpose !== "check") list.append(...kept.rows.map(read));
      extra?.append(...kept.extra.map(read));
      for (const [link, seen, kind] of kept.ticks) {
        const row = find(list, link);
        if (!row) continue;
        if (seen) tick(row);
        row.querySelector("select").value = kind;
      }
      count();
    },
  };
}
