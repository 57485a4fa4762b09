// On every page. On the desks: the worker that shows pages without a network, and what it must forget at a sign-out.

const own = document.querySelector("script[data-folder]");

if (own && "serviceWorker" in navigator) {
  const query = new URLSearchParams({ folder: own.dataset.folder, files: own.dataset.files });
  const isFirst = navigator.serviceWorker.controller === null;
  navigator.serviceWorker.register(`/desk/worker.js?${query}`, { scope: "/desk/" }).catch(() => {});
  // This page came before the worker could keep it.
  const isKept = !/^\/desk\/me(\/|$)/.test(location.pathname);
  if (isFirst && isKept) navigator.serviceWorker.ready.then(() => caches.open("pages")).then((kept) => kept.add(location.pathname)).catch(() => {});
}

// Where something is shown that may change meanwhile.
if (document.querySelector("[data-live]")) import("./live.js");

// A kept page names who was signed in.
document.getElementById("sign-out")?.addEventListener("submit", () => {
  globalThis.caches?.delete("pages");
});
