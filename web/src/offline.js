// Keeps the page's files in the browser, for use without a network.

import { nameOf, newest } from "./copies.js";

/**
 * Lets the service worker answer for this page.
 *
 * @returns {Promise<?string>} its scope, an address; null where there is none.
 */
export async function register() {
  if (!("serviceWorker" in navigator)) return null;
  try {
    const ours = await navigator.serviceWorker.register("service_worker.js");
    await navigator.serviceWorker.ready;
    return ours.scope;
  } catch {
    return null; // the page works all the same, with a network
  }
}

/**
 * Keeps what the worker loaded before there was a service worker.
 *
 * @param {string} scope of the service worker.
 * @param {string[]} addresses
 * @returns {Promise<boolean>} whether all of it is kept.
 */
export async function keep(scope, addresses) {
  try {
    const cache = await caches.open(nameOf(scope));
    for (const address of new Set(addresses)) {
      if (new URL(address).origin !== location.origin) continue;
      if (!(await cache.match(address))) await cache.add(newest(address));
    }
    return true;
  } catch {
    return false; // a full disk, or a private window
  }
}
