// Views of faces to probabilities, with an exported model.

import { compile, runModel } from "./litert.js";
import { readContract } from "./model_file.js";

export class Classifier {
  /** @param {Uint8Array} bytes a .tflite file of keras-fer export. */
  static async load(bytes) {
    const contract = await readContract(bytes);
    const model = await compile(bytes);
    const [input] = model.getInputDetails();
    const [output] = model.getOutputDetails();
    const side = contract.viewSize;
    const expected = [1, side, side, 3].join();
    const classes = [1, contract.classNames.length].join();
    if (input.shape.join() !== expected || output.shape.join() !== classes) {
      throw new Error(
        `The model takes (${input.shape.join()}) and gives ` +
          `(${output.shape.join()}), but describes (${expected}) and ` +
          `(${classes}). Export it again with keras-fer export.`,
      );
    }
    return new Classifier(model, contract, input.dtype);
  }

  constructor(model, contract, dtype) {
    this.model = model;
    this.contract = contract;
    this.dtype = dtype;
  }

  /**
   * @param {Uint8ClampedArray} view RGBA, the model's view.
   * @returns {Promise<number[]>} a probability for each class.
   */
  async classify(view) {
    const pixels = view.length / 4;
    // RGB, 0..255, as it is: the model normalises.
    const Values = this.dtype === "uint8" ? Uint8Array : Float32Array;
    const input = new Values(3 * pixels);
    for (let pixel = 0; pixel < pixels; pixel++) {
      input[3 * pixel] = view[4 * pixel];
      input[3 * pixel + 1] = view[4 * pixel + 1];
      input[3 * pixel + 2] = view[4 * pixel + 2];
    }
    const [probabilities] = await runModel(this.model, input);
    return Array.from(probabilities);
  }
}
