// The found faces as a list: the view that the network saw, and a bar for
// each class. Elements stay from frame to frame, so that bars move.

const PERCENT = new Intl.NumberFormat("en", {
  style: "percent",
  maximumFractionDigits: 0,
});

/** The most probable class of a face. */
export function labelOf({ probabilities }, classNames) {
  return classNames[probabilities.indexOf(Math.max(...probabilities))];
}

/** What a screen reader says of the faces. */
export function summaryOf(faces, classNames) {
  if (!faces.length) return "No face found.";
  const count = faces.length === 1 ? "1 face" : `${faces.length} faces`;
  const each = faces.map((face, index) => {
    const share = PERCENT.format(Math.max(...face.probabilities));
    const label = labelOf(face, classNames);
    return faces.length === 1
      ? `${label} ${share}`
      : `${index + 1} ${label} ${share}`;
  });
  return `${count}: ${each.join(", ")}.`;
}

export class FaceList {
  /** @param {HTMLOListElement} list */
  constructor(list) {
    this.list = list;
  }

  /**
   * @param {object[]} faces of `Engine.look`.
   * @param {{classNames: string[], viewSize: number}} contract
   */
  show(faces, contract) {
    while (this.list.children.length > faces.length) {
      this.list.lastElementChild.remove();
    }
    faces.forEach((face, index) => {
      const item =
        this.list.children[index] ??
        this.list.appendChild(newItem(index, contract));
      fill(item, face, contract);
    });
  }
}

function newItem(index, { classNames, viewSize }) {
  const item = element("li", "face");
  const head = element("div", "face-head");
  const view = element("canvas", "face-view");
  view.width = viewSize;
  view.height = viewSize;
  view.setAttribute("aria-hidden", "true");
  const title = element("h3", "face-title");
  title.append(`Face ${index + 1}: `, element("strong", "face-label"));
  head.append(view, title);
  const bars = element("dl", "bars");
  for (const name of classNames) {
    const row = element("div", "bar");
    row.dataset.class = name;
    const term = element("dt", "bar-name");
    term.textContent = name;
    const track = element("dd", "bar-track");
    track.setAttribute("aria-hidden", "true");
    track.append(element("span", "bar-fill"));
    row.append(term, track, element("dd", "bar-share"));
    bars.append(row);
  }
  item.append(head, bars);
  return item;
}

function fill(item, face, { classNames, viewSize }) {
  const { left, top, width, height, points, probabilities } = face;
  item.dataset.box = [left, top, width, height].map((v) => v.toFixed(1)).join();
  item.dataset.points = points.flat().map((v) => v.toFixed(2)).join();
  const context = item.querySelector("canvas").getContext("2d");
  context.putImageData(new ImageData(face.view, viewSize, viewSize), 0, 0);
  const label = labelOf(face, classNames);
  item.querySelector(".face-label").textContent = label;
  item.querySelectorAll(".bar").forEach((row, index) => {
    const probability = probabilities[index];
    row.dataset.probability = probability;
    row.classList.toggle("top", row.dataset.class === label);
    const bar = row.querySelector(".bar-fill");
    bar.style.transform = `scaleX(${probability})`;
    row.querySelector(".bar-share").textContent = PERCENT.format(probability);
  });
}

function element(tag, className) {
  const created = document.createElement(tag);
  created.className = className;
  return created;
}
