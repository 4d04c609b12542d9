// A picture and its halves, quarters and so on, which parts are taken from:
// each halving averages four pixels, so that nothing flickers when shrunk.

import { sampleView } from "./resample.js";

// A view is taken from the coarsest level that is still at least this much
// finer than the view.
const FINER = 2;

export class Picture {
  /** @param {ImageBitmap} bitmap closed here. */
  constructor(bitmap) {
    this.width = bitmap.width;
    this.height = bitmap.height;
    const context = newContext(bitmap.width, bitmap.height);
    // Transparency lies over white, as in keras_fer.face_image.
    context.fillStyle = "white";
    context.fillRect(0, 0, bitmap.width, bitmap.height);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.levels = [context];
  }

  /** All its pixels, RGBA. */
  pixels() {
    return this.levels[0].getImageData(0, 0, this.width, this.height);
  }

  /**
   * A view through a similarity transform.
   *
   * @param {import("./resample.js").Transform} transform picture to view.
   * @param {number} size side of the view, in pixels.
   * @returns {Uint8ClampedArray} RGBA.
   */
  view(transform, size) {
    const { xx, xy, x, yx, yy, y } = transform;
    const shrinks = 1 / Math.hypot(xx, xy);
    const level = Math.max(0, Math.floor(Math.log2(shrinks / FINER)));
    const context = this.level(level);
    const scale = 2 ** (this.levels.indexOf(context));
    const scaled = {
      xx: xx * scale,
      xy: xy * scale,
      x,
      yx: yx * scale,
      yy: yy * scale,
      y,
    };
    const region = regionOf(scaled, size, context.canvas);
    const pixels = context.getImageData(...region);
    scaled.x += scaled.xx * region[0] + scaled.xy * region[1];
    scaled.y += scaled.yx * region[0] + scaled.yy * region[1];
    return sampleView(pixels, scaled, size);
  }

  level(number) {
    while (this.levels.length <= number) {
      const { canvas } = this.levels.at(-1);
      const [width, height] = [canvas.width >> 1, canvas.height >> 1];
      if (!width || !height) break;
      const half = newContext(width, height);
      half.imageSmoothingQuality = "low"; // of four neighbours: their mean
      half.drawImage(
        canvas,
        ...[0, 0, 2 * width, 2 * height],
        ...[0, 0, width, height],
      );
      this.levels.push(half);
    }
    return this.levels[Math.min(number, this.levels.length - 1)];
  }
}

function newContext(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  return canvas.getContext("2d", { willReadFrequently: true });
}

// The part of a canvas that a view can touch: [left, top, width, height].
function regionOf({ xx, xy, x, yx, yy, y }, size, canvas) {
  const determinant = xx * yy - xy * yx;
  const corners = [-1, size + 1].flatMap((u) =>
    [-1, size + 1].map((v) => [
      (yy * (u - x) - xy * (v - y)) / determinant,
      (xx * (v - y) - yx * (u - x)) / determinant,
    ]),
  );
  const span = (axis, length) => {
    const values = corners.map((corner) => corner[axis]);
    const low = Math.floor(Math.min(...values)) - 2;
    const high = Math.ceil(Math.max(...values)) + 2;
    const start = Math.min(Math.max(low, 0), length - 1);
    return [start, Math.min(Math.max(high, start + 1), length) - start];
  };
  const [left, width] = span(0, canvas.width);
  const [top, height] = span(1, canvas.height);
  return [left, top, width, height];
}
