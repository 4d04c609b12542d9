// The name under which a version of a page keeps its files. An origin's pages
// share its caches, so the page's folder (the service worker's scope) is in
// the name; addresses have no spaces, hence no name begins like another's.

/** What the names of all versions of one page begin with. */
export function prefixOf(scope) {
  return `keras-fer ${scope} `;
}

/** The name for this version. */
export function nameOf(scope) {
  return prefixOf(scope) + VERSION;
}

/** Of the server, past the browser's HTTP cache, which may be older. */
export function newest(address) {
  return new Request(address, { cache: "reload" });
}
