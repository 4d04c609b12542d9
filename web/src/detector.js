// Faces in a picture, with eyes, nose and mouth: the two networks of
// @mediapipe/face_detection, run by LiteRT. Both look for faces; the one made
// for faces near by then looks at each again, levelled and enlarged, which
// confirms it and places its points.

import { similarity, unmap } from "./alignment.js";
import { runModel } from "./litert.js";

const MIN_SCORE = 0.5;
const MIN_SIDE = 20; // pixels; less shows no expression
const SAME_FACE = 0.3; // overlap, as a part of the union
const INSIDE = 0.7; // overlap, as a part of the smaller one
const CLOSER_LOOK = 1.6; // side of that look, in faces
// A photo is also searched in overlapping tiles, so that faces in a crowd are
// found; these are the tiles' sides as parts of the longer side.
const TILES = [1 / 2, 1 / 4];
const MIN_TILE = 160; // pixels
const POINTS = 4; // eyes, nose, mouth; two ears follow, which nobody needs

const FULL_RANGE = { size: 192, anchors: anchorsOf([[48, 1]]) };
const SHORT_RANGE = { size: 128, anchors: anchorsOf([[16, 2], [8, 6]]) };

/**
 * @typedef {{score: number, left: number, top: number, width: number,
 *   height: number, points: number[][]}} Face
 *   in pixels of the picture; points: left eye, right eye (as seen in the
 *   picture), tip of the nose, centre of the mouth.
 */

export class Detector {
  /**
   * @param {object} fullRange compiled face_detection_full_range_sparse.
   * @param {object} shortRange compiled face_detection_short_range.
   */
  constructor(fullRange, shortRange) {
    this.fullRange = { ...FULL_RANGE, model: fullRange };
    this.shortRange = { ...SHORT_RANGE, model: shortRange };
  }

  /**
   * @param {import("./picture.js").Picture} picture
   * @param {boolean} thorough whether to search tiles too.
   * @returns {Promise<Face[]>} from left to right.
   */
  async find(picture, thorough) {
    const tiles = tilesOf(picture, thorough);
    // A face that fills the picture is too near for the full-range network.
    const found = await this.look(this.shortRange, picture, tiles[0]);
    for (const tile of tiles) {
      found.push(...(await this.look(this.fullRange, picture, tile)));
    }
    const confirmed = [];
    for (const face of separate(found)) {
      const [best] = await this.lookCloser(picture, face);
      if (best?.width >= MIN_SIDE) confirmed.push(best);
    }
    const middle = (face) => face.left + face.width / 2;
    return separate(confirmed).sort((a, b) => middle(a) - middle(b));
  }

  async lookCloser(picture, face) {
    const [[leftX, leftY], [rightX, rightY]] = face.points;
    const tilt = Math.atan2(rightY - leftY, rightX - leftX);
    const center = [face.left + face.width / 2, face.top + face.height / 2];
    const side = CLOSER_LOOK * Math.max(face.width, face.height);
    const seen = await this.look(this.shortRange, picture, {
      center,
      side,
      tilt,
    });
    const near = seen.filter((other) => overlaps(face, other));
    return near.sort((a, b) => b.score - a.score);
  }

  // One look at a square of the picture, in the picture's coordinates.
  async look({ model, size, anchors }, picture, { center, side, tilt = 0 }) {
    const reach = [Math.cos(tilt) * side, Math.sin(tilt) * side];
    const transform = similarity(
      [center, [center[0] + reach[0], center[1] + reach[1]]],
      [
        [size / 2, size / 2],
        [size * 1.5, size / 2],
      ],
    );
    const view = picture.view(transform, size);
    blackOutside(view, size, transform, picture);
    const input = new Float32Array(3 * size * size);
    for (let pixel = 0; pixel < size * size; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        input[3 * pixel + channel] = view[4 * pixel + channel] / 127.5 - 1;
      }
    }
    const outputs = await runModel(model, input);
    outputs.sort((a, b) => a.length - b.length);
    const [scores, coordinates] = outputs;
    const faces = decode(scores, coordinates, anchors, size);
    return merge(faces).map((face) => toPicture(face, transform));
  }
}

function tilesOf({ width, height }, thorough) {
  const longer = Math.max(width, height);
  const tiles = [{ center: [width / 2, height / 2], side: longer }];
  for (const part of thorough ? TILES : []) {
    const side = part * longer;
    if (side < MIN_TILE) break;
    for (const y of centers(height, side)) {
      for (const x of centers(width, side)) {
        tiles.push({ center: [x, y], side });
      }
    }
  }
  return tiles;
}

// Centres of tiles that cover a length and overlap by half.
function centers(length, side) {
  const count = Math.max(1, Math.ceil((2 * length) / side - 1 - 1e-6));
  if (count === 1) return [length / 2];
  const step = (length - side) / (count - 1);
  return Array.from({ length: count }, (_, index) => side / 2 + index * step);
}

// The networks were trained with black around pictures.
function blackOutside(view, size, transform, { width, height }) {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = unmap(transform, [column + 0.5, row + 0.5]);
      if (x < 0 || y < 0 || x > width || y > height) {
        view.fill(0, 4 * (row * size + column), 4 * (row * size + column) + 3);
      }
    }
  }
}

function anchorsOf(grids) {
  const anchors = [];
  for (const [side, repeats] of grids) {
    for (let cell = 0; cell < side * side; cell++) {
      const x = ((cell % side) + 0.5) / side;
      const y = (Math.floor(cell / side) + 0.5) / side;
      for (let repeat = 0; repeat < repeats; repeat++) anchors.push([x, y]);
    }
  }
  return anchors;
}

// Boxes and points in pixels of the view. Per anchor there are 16 numbers:
// box centre and size, then six points, relative to the anchor.
function decode(scores, coordinates, anchors, size) {
  const faces = [];
  anchors.forEach(([anchorX, anchorY], index) => {
    const score = 1 / (1 + Math.exp(-scores[index]));
    if (!(score >= MIN_SCORE)) return;
    const values = coordinates.subarray(16 * index, 16 * (index + 1));
    const point = (at) => [
      values[at] + anchorX * size,
      values[at + 1] + anchorY * size,
    ];
    const [x, y] = point(0);
    const [width, height] = [values[2], values[3]];
    faces.push({
      score,
      left: x - width / 2,
      top: y - height / 2,
      width,
      height,
      points: Array.from({ length: POINTS }, (_, i) => point(4 + 2 * i)),
    });
  });
  return faces;
}

// Neighbouring anchors see the same face: their mean, by score.
function merge(faces) {
  const merged = [];
  let rest = faces.sort((a, b) => b.score - a.score);
  while (rest.length) {
    const same = rest.filter((face) => overlaps(rest[0], face));
    rest = rest.filter((face) => !same.includes(face));
    const total = same.reduce((sum, { score }) => sum + score, 0);
    const mean = (value) =>
      same.reduce((sum, face) => sum + face.score * value(face), 0) / total;
    merged.push({
      score: same[0].score,
      left: mean((face) => face.left),
      top: mean((face) => face.top),
      width: mean((face) => face.width),
      height: mean((face) => face.height),
      points: same[0].points.map((_, point) =>
        [0, 1].map((axis) => mean((face) => face.points[point][axis])),
      ),
    });
  }
  return merged;
}

// Each face once, the surest look at it.
function separate(faces) {
  const kept = [];
  for (const face of [...faces].sort((a, b) => b.score - a.score)) {
    if (!kept.some((other) => overlaps(face, other))) kept.push(face);
  }
  return kept;
}

function overlaps(a, b) {
  const across =
    Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const down =
    Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (across <= 0 || down <= 0) return false;
  const common = across * down;
  const [sizeA, sizeB] = [a.width * a.height, b.width * b.height];
  return (
    common / (sizeA + sizeB - common) > SAME_FACE ||
    common / Math.min(sizeA, sizeB) > INSIDE
  );
}

function toPicture(face, transform) {
  const scale = Math.hypot(transform.xx, transform.xy);
  const center = [face.left + face.width / 2, face.top + face.height / 2];
  const [x, y] = unmap(transform, center);
  const [width, height] = [face.width / scale, face.height / scale];
  return {
    score: face.score,
    left: x - width / 2,
    top: y - height / 2,
    width,
    height,
    points: face.points.map((point) => unmap(transform, point)),
  };
}
