// Where a face's points belong in the picture that the network sees, and the
// turn, scale and shift that brings them there.

// Pixels of a 100x100 face, left and right as seen in the picture:
// docs/mobile.md says where they come from.
const TEMPLATE_SIZE = 100;
const TEMPLATE = [
  [32.4, 40.1], // left eye
  [67.6, 40.1], // right eye
  [50.0, 63.0], // tip of the nose
  [50.0, 78.3], // centre of the mouth
];

/**
 * The similarity transform nearest to the template, by least squares.
 *
 * @param {number[][]} points left eye, right eye, nose and mouth centre,
 *   [x, y] in pixels of the picture.
 * @param {{imageSize: number, viewSize: number}} contract
 * @returns {import("./resample.js").Transform} from the picture to the view;
 *   null where all points fall together.
 */
export function alignmentTransform(points, { imageSize, viewSize }) {
  const margin = Math.floor((imageSize - viewSize) / 2);
  const targets = TEMPLATE.map((point) =>
    point.map((value) => (value * imageSize) / TEMPLATE_SIZE - margin),
  );
  return similarity(points, targets);
}

/**
 * A similarity transform that brings `points` nearest to `targets`: with both
 * as complex numbers less their means, sum(conj(p) t) / sum(|p|^2).
 */
export function similarity(points, targets) {
  const [meanX, meanY] = mean(points);
  const [targetX, targetY] = mean(targets);
  let real = 0;
  let imaginary = 0;
  let spread = 0;
  points.forEach(([x, y], index) => {
    const [px, py] = [x - meanX, y - meanY];
    const [tx, ty] = [targets[index][0] - targetX, targets[index][1] - targetY];
    real += px * tx + py * ty;
    imaginary += px * ty - py * tx;
    spread += px * px + py * py;
  });
  if (!(spread > 0) || !(Math.hypot(real, imaginary) > 0)) return null;
  const [a, b] = [real / spread, imaginary / spread];
  return {
    xx: a,
    xy: -b,
    x: targetX - (a * meanX - b * meanY),
    yx: b,
    yy: a,
    y: targetY - (b * meanX + a * meanY),
  };
}

/** Where a point of the view lies in the picture. */
export function unmap({ xx, xy, x, yx, yy, y }, [viewX, viewY]) {
  const determinant = xx * yy - xy * yx;
  const [u, v] = [viewX - x, viewY - y];
  return [(yy * u - xy * v) / determinant, (xx * v - yx * u) / determinant];
}

function mean(points) {
  const sum = points.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return sum.map((value) => value / points.length);
}
