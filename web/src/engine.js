// The page's end of the worker: a promise for each thing asked of it.

export class Engine {
  /** @param {function(?object): void} onProgress of loading, in bytes. */
  constructor(onProgress) {
    this.onProgress = onProgress;
    this.waiting = new Map();
    this.nextId = 0;
    this.worker = new Worker("worker.js");
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      const reason = event.message || "worker.js did not load";
      for (const { reject } of this.waiting.values()) reject(new Error(reason));
      this.waiting.clear();
    };
  }

  /**
   * Loads the networks.
   *
   * @returns {Promise<{contract: object, addresses: string[]}>} the model's
   *   contract, and the files that this took.
   */
  load() {
    return this.ask({ task: "load" });
  }

  /**
   * The faces in a picture.
   *
   * @param {ImageBitmap} bitmap moved to the worker.
   * @param {{whole?: boolean, thorough?: boolean}} options
   * @returns {Promise<{faces: object[], milliseconds: object, width: number,
   *   height: number}>} each face with box, points, view and probabilities.
   */
  look(bitmap, options = {}) {
    return this.ask({ task: "look", bitmap, ...options }, [bitmap]);
  }

  close() {
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) {
      reject(new Error("closed"));
    }
    this.waiting.clear();
  }

  ask(message, transfer = []) {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...message }, transfer);
    });
  }

  receive({ id, progress, result, error }) {
    if (progress !== undefined) return this.onProgress(progress);
    const promise = this.waiting.get(id);
    this.waiting.delete(id);
    if (error !== undefined) promise?.reject(new Error(error));
    else promise?.resolve(result);
  }
}
