// What the page says: what goes on, what went wrong, and how fast it was.

const MEGABYTE = 1e6;
const SPOKEN_EVERY = 3000; // ms; a live camera would talk without end

export class Messages {
  constructor(document) {
    this.status = document.querySelector("#status");
    this.problem = document.querySelector("#problem");
    this.problemText = document.querySelector("#problem-text");
    this.retry = document.querySelector("#retry");
    this.loading = document.querySelector("#loading");
    this.progress = document.querySelector("#progress");
    this.progressText = document.querySelector("#progress-text");
    this.speed = document.querySelector("#speed");
    this.spokenAt = -Infinity;
  }

  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** As `say`, but not more often than one can listen. */
  sayNowAndThen(text) {
    const now = performance.now();
    if (now - this.spokenAt < SPOKEN_EVERY) return;
    this.spokenAt = now;
    this.say(text);
  }

  /**
   * @param {string} text what went wrong; empty takes the message away.
   * @param {?function(): void} onRetry what its button does; null for none.
   */
  complain(text, onRetry = null) {
    this.problemText.textContent = text;
    this.problem.hidden = !text;
    this.retry.hidden = !onRetry;
    this.retry.onclick = onRetry;
  }

  /** @param {?object} sizes file -> {done, total}; null: unknown. */
  showProgress(sizes) {
    this.loading.hidden = false;
    const files = Object.values(sizes ?? {});
    const sum = (name) => files.reduce((all, file) => all + file[name], 0);
    const [done, total] = [sum("done"), sum("total")];
    if (!sizes || files.some((file) => !file.total)) {
      this.progress.removeAttribute("value");
      this.progressText.textContent = sizes
        ? `Loading the networks: ${megabytes(done)} MB`
        : "Preparing the networks";
      return;
    }
    this.progress.max = total;
    this.progress.value = done;
    this.progressText.textContent =
      `Loading the networks: ${megabytes(done)} of ${megabytes(total)} MB`;
  }

  hideProgress() {
    this.loading.hidden = true;
  }

  /**
   * @param {{finding: number, classifying: number}} milliseconds
   * @param {number} numFaces
   * @param {?number} rate frames per second; null for a photo.
   */
  showSpeed({ finding, classifying }, numFaces, rate = null) {
    const each = numFaces ? classifying / numFaces : 0;
    const parts = [`finding faces ${Math.round(finding)} ms`];
    if (numFaces) parts.push(`expressions ${Math.round(each)} ms a face`);
    if (rate !== null) parts.unshift(`${rate.toFixed(1)} frames a second`);
    this.speed.textContent = parts.join(" · ");
  }

  hideSpeed() {
    this.speed.textContent = "";
  }
}

function megabytes(bytes) {
  return (bytes / MEGABYTE).toFixed(1);
}
