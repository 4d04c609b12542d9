// Looks at a file before the browser decodes it. Half a JPEG must get no
// answer, and not every browser refuses it; a reason is better, too.

const MAX_PIXELS = 100e6;
const KINDS = "a JPEG, PNG or WebP picture";

/**
 * @param {Uint8Array} bytes the whole file.
 * @returns {?string} what is wrong with it, for its user; null if nothing is.
 */
export function problemOf(bytes) {
  if (!bytes.length) return "It is empty (0 bytes).";
  const read = readerOf(bytes);
  if (!read) return `It is not ${KINDS}.`;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found;
  try {
    found = read(bytes, data);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    found = null;
  }
  if (!found?.whole) return "It is damaged or incomplete.";
  if (found.width * found.height > MAX_PIXELS) {
    return (
      `It has ${found.width} x ${found.height} pixels, more than ` +
      `${MAX_PIXELS / 1e6} million. Make it smaller first.`
    );
  }
  return null;
}

function readerOf(bytes) {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  if (head.startsWith("\xff\xd8\xff")) return readJpeg;
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return readPng;
  if (head.startsWith("RIFF") && head.endsWith("WEBP")) return readWebp;
  return null;
}

function readJpeg(bytes, data) {
  let size = {};
  for (let at = 2; ; ) {
    if (data.getUint8(at) !== 0xff) return null;
    const marker = data.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // fill byte
      continue;
    }
    // Frame headers, but not DHT (C4), JPG (C8) and DAC (CC).
    if (marker >= 0xc0 && marker <= 0xcf && ![4, 8, 12].includes(marker & 15)) {
      size = { height: data.getUint16(at + 5), width: data.getUint16(at + 7) };
    }
    at += 2 + data.getUint16(at + 2);
    if (marker === 0xda) return { ...size, whole: endsJpeg(bytes, at) };
  }
}

// The end marker, searched for behind the thumbnail that has its own.
function endsJpeg(bytes, start) {
  for (let at = bytes.length - 2; at >= start; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

function readPng(bytes, data) {
  const size = { width: data.getUint32(16), height: data.getUint32(20) };
  for (let at = 8; ; ) {
    const length = data.getUint32(at);
    const type = data.getUint32(at + 4);
    at += 12 + length;
    if (type === 0x49454e44) {
      return { ...size, whole: at <= bytes.length }; // IEND
    }
  }
}

function readWebp(bytes, data) {
  const whole = 8 + data.getUint32(4, true) <= bytes.length;
  const kind = String.fromCharCode(...bytes.subarray(12, 16));
  if (kind === "VP8X") {
    const read24 = (at) => data.getUint16(at, true) + (bytes[at + 2] << 16);
    return { width: read24(24) + 1, height: read24(27) + 1, whole };
  }
  if (kind === "VP8L") {
    const bits = data.getUint32(21, true);
    return {
      width: (bits & 0x3fff) + 1,
      height: ((bits >> 14) & 0x3fff) + 1,
      whole,
    };
  }
  if (kind !== "VP8 ") return null;
  return {
    width: data.getUint16(26, true) & 0x3fff,
    height: data.getUint16(28, true) & 0x3fff,
    whole,
  };
}
