// A whole picture as the contract has it: resized to a square, of which the
// centre is taken. To the bit what Pillow's BILINEAR gives, which the network
// was trained and is judged on: a triangle filter that widens with the scale,
// its weights in fixed point, columns first, then rows, each rounded to eight
// bits. (Pillow 13 begins with the rows where a picture is much taller than
// wide, which can move a value by one.)

const MIN_SIDE = 32; // of a face crop, as in keras_fer
const FRACTION = 22; // bits
const HALF = 2 ** (FRACTION - 1);

/**
 * @param {{data: Uint8ClampedArray, width: number, height: number}} pixels
 *   RGBA.
 * @param {{imageSize: number, viewSize: number}} contract
 * @returns {Uint8ClampedArray} RGBA, opaque, viewSize * viewSize pixels.
 */
export function resizedView(pixels, { imageSize, viewSize }) {
  const { data, width, height } = pixels;
  const margin = Math.floor((imageSize - viewSize) / 2);
  const columns = windows(width, imageSize).slice(margin, margin + viewSize);
  const rows = windows(height, imageSize).slice(margin, margin + viewSize);
  const narrow = new Uint8Array(4 * height * viewSize);
  for (let y = 0, out = 0; y < height; y++) {
    for (const window of columns) {
      weigh(data, 4 * y * width, 4, window, narrow, out);
      out += 4;
    }
  }
  const view = new Uint8ClampedArray(4 * viewSize * viewSize).fill(255);
  for (const [y, window] of rows.entries()) {
    for (let x = 0; x < viewSize; x++) {
      const out = 4 * (y * viewSize + x);
      weigh(narrow, 4 * x, 4 * viewSize, window, view, out);
    }
  }
  return view;
}

/**
 * What keras_fer.face_image.read_face says of a size that no face crop has.
 *
 * @param {number} width of the picture, in pixels.
 * @param {number} height of the picture, in pixels.
 * @param {{imageSize: number}} contract
 * @returns {?string} null for a size that will do.
 */
export function problemOfCrop(width, height, { imageSize }) {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  if (short >= MIN_SIDE && long <= 2 * short) return null;
  return (
    `It is ${width}x${height} pixels. Expected: a face crop, at least ` +
    `${MIN_SIDE} pixels a side and at most twice as long as wide; it is ` +
    `resized to ${imageSize}x${imageSize}.`
  );
}

// What each of the new pixels takes: the first old one, and weights from there.
function windows(oldLength, newLength) {
  const scale = oldLength / newLength;
  const reach = Math.max(1, scale);
  return Array.from({ length: newLength }, (_, index) => {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(oldLength, Math.trunc(center + reach + 0.5));
    const shares = [];
    for (let old = first; old < end; old++) {
      const distance = Math.abs(old - center + 0.5) * (1 / reach);
      shares.push(Math.max(0, 1 - distance));
    }
    const total = shares.reduce((sum, share) => sum + share, 0);
    const weights = shares.map((share) =>
      Math.trunc(0.5 + (share / total) * 2 ** FRACTION),
    );
    return { first, weights };
  });
}

// One pixel's three colours; the old pixels lie `step` bytes apart.
function weigh(source, start, step, { first, weights }, target, out) {
  for (let color = 0; color < 3; color++) {
    let sum = HALF;
    let at = start + first * step + color;
    for (const weight of weights) {
      sum += weight * source[at];
      at += step;
    }
    target[out + color] = Math.min(255, sum >> FRACTION);
  }
}
