// Keeps the page's files in the browser, for use without a network.

/** Lets the service worker answer for this page; false where there is none. */
export async function register() {
  if (!("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register("service_worker.js");
    await navigator.serviceWorker.ready;
    return true;
  } catch {
    return false; // the page works all the same, with a network
  }
}

/**
 * Keeps what the worker loaded before there was a service worker.
 *
 * @param {string[]} addresses
 * @returns {Promise<boolean>} whether all of it is kept.
 */
export async function keep(addresses) {
  try {
    const cache = await caches.open(`keras-fer-${VERSION}`);
    for (const address of new Set(addresses)) {
      if (new URL(address).origin !== location.origin) continue;
      if (!(await cache.match(address))) await cache.add(address);
    }
    return true;
  } catch {
    return false; // a full disk, or a private window
  }
}
