// Files of the page's own folder, with progress.

/**
 * @param {string} address relative to the page's folder.
 * @param {function(number, number): void} report called with the bytes that
 *   have come and those expected (0 if unknown).
 * @returns {Promise<Uint8Array>}
 * @throws {Error} for a file that does not come, or not as a whole.
 */
export async function download(address, report) {
  let response;
  try {
    response = await fetch(address);
  } catch {
    throw new Error(`${address} did not come: is there a connection?`);
  }
  if (!response.ok) {
    throw new Error(`${address} did not come (${response.status}).`);
  }
  const encoded = response.headers.get("Content-Encoding");
  const announced = Number(response.headers.get("Content-Length"));
  // Of a compressed file only the compressed length is announced.
  const total = encoded ? 0 : announced;
  const chunks = [];
  let done = 0;
  report(0, total);
  try {
    for (const reader = response.body.getReader(); ; ) {
      const { done: finished, value } = await reader.read();
      if (finished) break;
      chunks.push(value);
      done += value.length;
      report(done, total);
    }
  } catch {
    throw new Error(`${address} stopped coming after ${done} bytes.`);
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
