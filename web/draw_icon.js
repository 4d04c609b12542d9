// The page's icon, drawn pixel by pixel: a face on a rounded square, as PNG.

import { deflateSync } from "node:zlib";

const BACKGROUND = [47, 93, 170];
const FACE = [255, 214, 102];
const INK = [42, 42, 48];
const SAMPLES = 4; // a side of each pixel, against ragged edges

/**
 * @param {number} size side of the picture, in pixels.
 * @param {boolean} maskable whether the background fills the square, for
 *   launchers that cut the icon into their own shape.
 * @returns {Buffer} a PNG file.
 */
export function drawIcon(size, maskable = false) {
  const rows = [];
  for (let y = 0; y < size; y++) {
    const row = Buffer.alloc(1 + 4 * size); // the first byte: no filter
    for (let x = 0; x < size; x++) {
      row.set(pixel(x, y, size, maskable), 1 + 4 * x);
    }
    rows.push(row);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits, RGBA
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function pixel(x, y, size, maskable) {
  const sum = [0, 0, 0, 0];
  for (let i = 0; i < SAMPLES; i++) {
    for (let j = 0; j < SAMPLES; j++) {
      const u = (x + (i + 0.5) / SAMPLES) / size - 0.5;
      const v = (y + (j + 0.5) / SAMPLES) / size - 0.5;
      const color = colorAt(u, v, maskable);
      if (!color) continue;
      for (let c = 0; c < 3; c++) sum[c] += color[c];
      sum[3] += 1;
    }
  }
  const covered = sum[3] || 1;
  return [
    ...sum.slice(0, 3).map((value) => Math.round(value / covered)),
    Math.round((255 * sum[3]) / SAMPLES ** 2),
  ];
}

// u, v: from the centre, -0.5 to 0.5.
function colorAt(u, v, maskable) {
  const scale = maskable ? 0.8 : 1; // the safe zone is a circle of 0.4
  const corner = Math.hypot(
    Math.max(Math.abs(u) - 0.3, 0),
    Math.max(Math.abs(v) - 0.3, 0),
  );
  if (!maskable && corner > 0.2) return null;
  u /= scale;
  v /= scale;
  if (Math.hypot(u, v) > 0.36) return BACKGROUND;
  if (Math.hypot(Math.abs(u) - 0.13, (v + 0.09) * 0.75) < 0.045) return INK;
  const radius = Math.hypot(u, v);
  if (v > 0.05 && Math.abs(radius - 0.2) < 0.026) return INK;
  return FACE;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(checksum(body), body.length + 4);
  return framed;
}

// CRC-32; zlib.crc32 is newer than the oldest Node that this runs on.
function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
