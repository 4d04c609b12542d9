// The page's second thread: it loads the networks and looks at pictures, so
// that the page never stands still.

import { alignmentTransform } from "./alignment.js";
import { Classifier } from "./classifier.js";
import { Detector } from "./detector.js";
import { download } from "./download.js";
import { compile, loadRuntime } from "./litert.js";
import { Picture } from "./picture.js";
import { problemOfCrop, resizedView } from "./resize.js";

const MODELS = {
  fullRange: "models/face_detection_full_range_sparse.tflite",
  shortRange: "models/face_detection_short_range.tflite",
  expressions: "models/expressions.tflite",
};
let detector;
let classifier;

async function load(report) {
  const sizes = {};
  const files = await Promise.all(
    Object.entries(MODELS).map(async ([name, address]) => {
      const bytes = await download(address, (done, total) => {
        sizes[name] = { done, total };
        report(sizes);
      });
      return [name, bytes];
    }),
  );
  const { fullRange, shortRange, expressions } = Object.fromEntries(files);
  report(null); // what now takes time is not measured
  await loadRuntime(new URL("wasm/", self.location.href).href);
  detector = new Detector(await compile(fullRange), await compile(shortRange));
  classifier = await Classifier.load(expressions);
  const blank = new Uint8ClampedArray(4 * classifier.contract.viewSize ** 2);
  await classifier.classify(blank); // the first answer is the slowest
  const fetched = performance.getEntriesByType("resource");
  return {
    contract: classifier.contract,
    addresses: [self.location.href, ...fetched.map((entry) => entry.name)],
  };
}

// whole: the picture is one face, cut out; thorough: search for small faces.
async function look({ bitmap, whole, thorough }) {
  const picture = new Picture(bitmap);
  const { contract } = classifier;
  if (whole) {
    const problem = problemOfCrop(picture.width, picture.height, contract);
    if (problem) throw new Error(problem);
  }
  const start = performance.now();
  const found = whole
    ? [wholePicture(picture)]
    : await detector.find(picture, thorough);
  const between = performance.now();
  const faces = [];
  for (const face of found) {
    const view = whole
      ? resizedView(picture.pixels(), contract)
      : alignedView(picture, face.points, contract);
    if (!view) continue;
    faces.push({
      ...face,
      view,
      probabilities: await classifier.classify(view),
    });
  }
  const milliseconds = {
    finding: between - start,
    classifying: performance.now() - between,
  };
  return { faces, milliseconds, width: picture.width, height: picture.height };
}

function alignedView(picture, points, contract) {
  const transform = alignmentTransform(points, contract);
  return transform && picture.view(transform, contract.viewSize);
}

function wholePicture({ width, height }) {
  return { score: 1, left: 0, top: 0, width, height, points: [] };
}

self.onmessage = async ({ data: { id, task, ...details } }) => {
  try {
    const report = (progress) => self.postMessage({ id, progress });
    const result =
      task === "load" ? await load(report) : await look(details);
    self.postMessage({ id, result });
  } catch (error) {
    self.postMessage({ id, error: String(error?.message ?? error) });
  }
};
