// Shows the desks when the network is gone. It keeps the files of one version and each desk's page as it was last shown; nothing
// that a desk asks for goes through here.

const asked = new URL(self.location).searchParams;
const folder = asked.get("folder") ?? "";
const files = (asked.get("files") ?? "").split(" ").filter(Boolean);
const PAGES = "pages";
// A patient's pages are never kept: a phone goes through many hands.
const isKept = (path) => path.startsWith("/desk/") && path !== "/desk/me" && !path.startsWith("/desk/me/");

self.addEventListener("install", (event) => {
  const filled = caches.open(folder).then((cache) => cache.addAll(files.map((file) => folder + file)));
  event.waitUntil(filled.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) =>
    Promise.all(names.filter((name) => name !== folder && name !== PAGES).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(folder)) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  } else if (request.mode === "navigate" && isKept(url.pathname)) {
    event.respondWith(page(request));
  }
});

async function page(request) {
  const cache = await caches.open(PAGES);
  try {
    const answer = await fetch(request);
    // A page that sends on to the sign-in says that who was here is no longer signed in.
    if (answer.ok && !answer.redirected && answer.type === "basic") await cache.put(request.url, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(request.url, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
