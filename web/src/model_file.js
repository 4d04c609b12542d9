// What an exported .tflite says of itself. keras_fer/model_file.py writes it:
// a zip archive behind the graph, with the entry keras_fer.json.

const CONTRACT_NAME = "keras_fer.json";
const VERSION = 1;
const LARGEST_ENTRY = 1 << 20;
const AGAIN = "Copy it or export it again with keras-fer export.";

/**
 * How to use a model file, once its graph is found undamaged.
 *
 * @param {Uint8Array} bytes the whole .tflite file.
 * @returns {Promise<{classNames: string[], imageSize: number,
 *   viewSize: number, format: string}>} the classes in the order of the
 *   probabilities; the side that a face is resized to, and that of the
 *   model's view, cut from its centre, in pixels.
 * @throws {Error} for a file that is damaged or that keras_fer did not write.
 */
export async function readContract(bytes) {
  const text = readEntry(bytes, CONTRACT_NAME);
  if (text === null) {
    throw new Error(
      `This file carries no ${CONTRACT_NAME}: keras-fer export did not write ` +
        `it, or its end was cut off. ${AGAIN}`,
    );
  }
  let described;
  try {
    described = JSON.parse(text);
  } catch {
    throw new Error(`The model's ${CONTRACT_NAME} is damaged. ${AGAIN}`);
  }
  if (described.version !== VERSION) {
    throw new Error(
      `The model's description has version ${described.version}, and this ` +
        `page reads ${VERSION}. Take the page and the export from the same ` +
        "release.",
    );
  }
  await checkGraph(bytes, described);
  const contract = {
    classNames: described.class_names,
    imageSize: described.image_size,
    viewSize: described.view_size,
    format: described.format,
  };
  const whole =
    Array.isArray(contract.classNames) &&
    contract.classNames.every((name) => typeof name === "string") &&
    Number.isInteger(contract.viewSize) &&
    Number.isInteger(contract.imageSize) &&
    contract.viewSize > 0 &&
    contract.imageSize >= contract.viewSize;
  if (!whole) {
    throw new Error(`The model's ${CONTRACT_NAME} is incomplete. ${AGAIN}`);
  }
  return contract;
}

async function checkGraph(bytes, described) {
  // Browsers hash on secure origins alone: https, and localhost.
  if (!globalThis.crypto?.subtle) return;
  const graph = bytes.subarray(0, described.graph_bytes);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", graph));
  const found = Array.from(digest, (b) => b.toString(16).padStart(2, "0"));
  if (found.join("") !== described.graph_sha256) {
    throw new Error(`The model is damaged: its hash is another. ${AGAIN}`);
  }
}

// The text of an entry that is stored as it is, or null.
function readEntry(bytes, wanted) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(data);
  if (end < 0) return null;
  try {
    const count = data.getUint16(end + 10, true);
    const directorySize = data.getUint32(end + 12, true);
    const start = end - directorySize;
    // Offsets count from the archive's own first byte, wherever that is.
    const shift = start - data.getUint32(end + 16, true);
    for (let at = start, entry = 0; entry < count; entry++) {
      if (data.getUint32(at, true) !== 0x02014b50) return null;
      const method = data.getUint16(at + 10, true);
      const size = data.getUint32(at + 24, true);
      const nameSize = data.getUint16(at + 28, true);
      const extraSize = data.getUint16(at + 30, true);
      const commentSize = data.getUint16(at + 32, true);
      const offset = data.getUint32(at + 42, true) + shift;
      const name = decode(bytes, at + 46, nameSize);
      if (name === wanted && method === 0 && size <= LARGEST_ENTRY) {
        const skip =
          30 +
          data.getUint16(offset + 26, true) +
          data.getUint16(offset + 28, true);
        return decode(bytes, offset + skip, size);
      }
      at += 46 + nameSize + extraSize + commentSize;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

// Where the archive's last record begins; it may carry a comment.
function findEnd(data) {
  const lowest = Math.max(0, data.byteLength - 22 - 0xffff);
  for (let at = data.byteLength - 22; at >= lowest; at--) {
    if (data.getUint32(at, true) === 0x06054b50) return at;
  }
  return -1;
}

function decode(bytes, start, size) {
  return new TextDecoder().decode(bytes.subarray(start, start + size));
}
