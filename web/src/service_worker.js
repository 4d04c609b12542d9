// Answers from the browser's own copies, so that the page opens offline.
// Each version of the page has its copies; those of older ones are removed.

import { nameOf, newest, prefixOf } from "./copies.js";

const SCOPE = self.registration.scope;
const NAME = nameOf(SCOPE);

self.addEventListener("install", (event) => {
  const keep = async () => (await caches.open(NAME)).addAll(KEPT.map(newest));
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  const takeOver = async () => {
    for (const name of await caches.keys()) {
      const ours = name.startsWith(prefixOf(SCOPE));
      if (ours && name !== NAME) await caches.delete(name);
    }
    await self.clients.claim();
  };
  event.waitUntil(takeOver());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const inside = request.url.startsWith(SCOPE);
  if (request.method !== "GET" || !inside) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(NAME);
  const { origin, pathname } = new URL(request.url);
  // Folders below may hold other pages: only this one's address is its own.
  const address = (origin + pathname).replace(/\/index\.html$/, "/");
  const page = address === SCOPE ? SCOPE : request;
  return (await cache.match(page, { ignoreSearch: true })) ?? fetch(request);
}
