// LiteRT's side of things: its wasm, models, and tensors freed by hand.

import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

// LiteRT tells as errors what it sets up.
const CHATTER = /^(INFO|WARNING): /;

/**
 * Loads the wasm that suits this browser.
 *
 * @param {string} folder its address, with a slash at the end.
 */
export async function loadRuntime(folder) {
  self.Module = {
    // In a worker, LiteRT's script looks for its wasm beside the worker.
    locateFile: (name) => folder + name,
    printErr: (line) => {
      if (!CHATTER.test(line)) console.error(line);
    },
  };
  await loadLiteRt(folder);
}

/** @param {Uint8Array} bytes a .tflite file. */
export async function compile(bytes) {
  return loadAndCompile(bytes, { accelerator: "wasm" });
}

/**
 * Runs a model of one input.
 *
 * @param {object} model of `compile`.
 * @param {Float32Array|Uint8Array} input as many values as the model takes.
 * @returns {Promise<Array<Float32Array>>} copies of its outputs.
 */
export async function runModel(model, input) {
  const [{ shape }] = model.getInputDetails();
  const tensor = new Tensor(input, Array.from(shape));
  let outputs = [];
  try {
    outputs = await model.run([tensor]);
    return outputs.map((output) => output.toTypedArray().slice());
  } finally {
    tensor.delete();
    outputs.forEach((output) => output.delete());
  }
}
