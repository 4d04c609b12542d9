// The picture or the camera's video, with a box and a number on each face.

const LINE = 3; // CSS pixels
const FONT = "600 15px system-ui, sans-serif";

export class Stage {
  constructor(element) {
    this.element = element;
    this.photo = element.querySelector("#photo");
    this.video = element.querySelector("#video");
    this.overlay = element.querySelector("#overlay");
    this.shown = null;
    new ResizeObserver(() => this.draw()).observe(this.overlay);
  }

  /** @param {ImageBitmap} bitmap left open. */
  showPhoto(bitmap) {
    this.photo.width = bitmap.width;
    this.photo.height = bitmap.height;
    const context = this.photo.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, bitmap.width, bitmap.height);
    context.drawImage(bitmap, 0, 0);
    this.mode = "photo";
    this.fit(bitmap.width, bitmap.height);
  }

  /** @param {boolean} mirrored whether left is shown on the right. */
  showVideo(mirrored) {
    this.video.classList.toggle("mirrored", mirrored);
    this.mode = "video";
    this.fit(this.video.videoWidth || 4, this.video.videoHeight || 3);
  }

  showNothing() {
    this.mode = "empty";
    this.fit(4, 3);
  }

  set mode(mode) {
    this.element.dataset.mode = mode;
    this.shown = null;
    this.draw();
  }

  fit(width, height) {
    this.element.style.setProperty("--width", width);
    this.element.style.setProperty("--height", height);
  }

  /**
   * @param {object} found of `Engine.look`.
   * @param {string[]} labels of its faces.
   * @param {boolean} mirrored
   */
  showFaces(found, labels, mirrored = false) {
    this.fit(found.width, found.height);
    this.shown = { ...found, labels, mirrored };
    this.draw();
  }

  draw() {
    const { overlay, shown } = this;
    const ratio = globalThis.devicePixelRatio || 1;
    const [width, height] = [overlay.clientWidth, overlay.clientHeight];
    overlay.width = Math.round(width * ratio);
    overlay.height = Math.round(height * ratio);
    if (!shown) return;
    const context = overlay.getContext("2d");
    context.scale(ratio, ratio);
    const scale = width / shown.width;
    shown.faces.forEach((face, index) => {
      const left = shown.mirrored
        ? shown.width - face.left - face.width
        : face.left;
      const box = [left, face.top, face.width, face.height].map(
        (value) => value * scale,
      );
      drawBox(context, box);
      const text = `${index + 1} ${shown.labels[index]}`;
      drawLabel(context, box, text, width);
    });
  }
}

// Light within dark: seen on any picture.
function drawBox(context, [left, top, width, height]) {
  for (const [color, extra] of [
    ["rgb(0 0 0 / 75%)", 2],
    ["white", 0],
  ]) {
    context.strokeStyle = color;
    context.lineWidth = LINE + extra;
    context.beginPath();
    context.roundRect(left, top, width, height, 6);
    context.stroke();
  }
}

function drawLabel(context, [left, top, , height], text, stageWidth) {
  context.font = FONT;
  context.textBaseline = "middle";
  const [textWidth, lineHeight] = [context.measureText(text).width + 12, 24];
  const x = Math.max(0, Math.min(left, stageWidth - textWidth));
  const above = top - lineHeight - 4;
  const y = above >= 0 ? above : top + height + 4;
  context.fillStyle = "rgb(0 0 0 / 80%)";
  context.beginPath();
  context.roundRect(x, y, textWidth, lineHeight, 4);
  context.fill();
  context.fillStyle = "white";
  context.fillText(text, x + 6, y + lineHeight / 2 + 1);
}
