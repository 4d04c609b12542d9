// A file that the user chose, as a bitmap.

import { problemOf } from "./photo_file.js";

// Larger canvases are refused by some phones.
const MAX_SIDE = 4096;

/**
 * @param {File} file
 * @returns {Promise<ImageBitmap>} upright, at most `MAX_SIDE` a side.
 * @throws {Error} saying what is wrong with the file.
 */
export async function readPhoto(file) {
  const name = file.name || "The picture";
  let problem;
  try {
    problem = problemOf(new Uint8Array(await file.arrayBuffer()));
  } catch {
    problem = "It could not be read.";
  }
  if (problem) throw new Error(`${name} cannot be used. ${problem}`);
  try {
    // Values as they stand in the file, as keras_fer reads them.
    const bitmap = await createImageBitmap(file, {
      colorSpaceConversion: "none",
      imageOrientation: "from-image",
      premultiplyAlpha: "default",
    });
    return await shrink(bitmap);
  } catch {
    throw new Error(`${name} cannot be used. It is damaged or incomplete.`);
  }
}

async function shrink(bitmap) {
  const scale = MAX_SIDE / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  const smaller = await createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(bitmap.width * scale)),
    resizeHeight: Math.max(1, Math.round(bitmap.height * scale)),
    resizeQuality: "high",
  });
  bitmap.close();
  return smaller;
}
