// Pixels from one grid to another, the same in every browser: a triangle
// filter that widens with the scale, which is Pillow's BILINEAR. A canvas
// would look at four neighbours in one browser and at many in another.

/**
 * An affine map of picture coordinates to view coordinates, in pixels; pixel
 * (0, 0) covers 0 to 1 in both directions.
 *
 * @typedef {{xx: number, xy: number, x: number,
 *   yx: number, yy: number, y: number}} Transform
 *   (px, py) goes to (xx px + xy py + x, yx px + yy py + y).
 */

/**
 * @param {{data: Uint8ClampedArray, width: number, height: number}} pixels
 *   RGBA.
 * @param {Transform} transform from the picture to the view; its rows are
 *   perpendicular (a turn, then a scale for each direction of the view).
 * @param {number} size side of the view, in pixels.
 * @returns {Uint8ClampedArray} RGBA, opaque, size * size pixels. What lies
 *   outside the picture is like its nearest pixel.
 */
export function sampleView(pixels, transform, size) {
  const { data, width, height } = pixels;
  const { xx, xy, x, yx, yy, y } = transform;
  const determinant = xx * yy - xy * yx;
  // A pixel of the view takes the picture's pixels within this distance,
  // counted in the view: shrinking averages, enlarging interpolates.
  const radiusX = Math.max(1, Math.hypot(xx, xy));
  const radiusY = Math.max(1, Math.hypot(yx, yy));
  const reachX =
    (Math.abs(yy) * radiusX + Math.abs(xy) * radiusY) / Math.abs(determinant);
  const reachY =
    (Math.abs(yx) * radiusX + Math.abs(xx) * radiusY) / Math.abs(determinant);
  const view = new Uint8ClampedArray(4 * size * size).fill(255);
  for (let row = 0, out = 0; row < size; row++) {
    for (let column = 0; column < size; column++, out += 4) {
      const u = column + 0.5 - x;
      const v = row + 0.5 - y;
      const centerX = (yy * u - xy * v) / determinant;
      const centerY = (xx * v - yx * u) / determinant;
      const left = Math.max(0, Math.ceil(centerX - reachX - 0.5));
      const right = Math.min(width - 1, Math.floor(centerX + reachX - 0.5));
      const top = Math.max(0, Math.ceil(centerY - reachY - 0.5));
      const bottom = Math.min(height - 1, Math.floor(centerY + reachY - 0.5));
      let total = 0;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let py = top; py <= bottom; py++) {
        const dy = py + 0.5 - centerY;
        for (let px = left; px <= right; px++) {
          const dx = px + 0.5 - centerX;
          const weightX = 1 - Math.abs(xx * dx + xy * dy) / radiusX;
          if (weightX <= 0) continue;
          const weightY = 1 - Math.abs(yx * dx + yy * dy) / radiusY;
          if (weightY <= 0) continue;
          const weight = weightX * weightY;
          const at = 4 * (py * width + px);
          total += weight;
          red += weight * data[at];
          green += weight * data[at + 1];
          blue += weight * data[at + 2];
        }
      }
      if (total > 0) {
        view[out] = red / total; // clamped arrays round by themselves
        view[out + 1] = green / total;
        view[out + 2] = blue / total;
      } else {
        const px = Math.min(width - 1, Math.max(0, Math.floor(centerX)));
        const py = Math.min(height - 1, Math.max(0, Math.floor(centerY)));
        const at = 4 * (py * width + px);
        view.set(data.subarray(at, at + 3), out);
      }
    }
  }
  return view;
}
