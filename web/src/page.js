// The page: photos and the camera in, boxes and bars out.

import { Camera } from "./camera.js";
import { Engine } from "./engine.js";
import { FaceList, labelOf, summaryOf } from "./face_list.js";
import { Messages } from "./messages.js";
import { keep, register } from "./offline.js";
import { readPhoto } from "./photo.js";
import { Stage } from "./stage.js";

const find = (selector) => document.querySelector(selector);
const messages = new Messages(document);
const stage = new Stage(find("#stage"));
const faceList = new FaceList(find("#faces"));
const camera = new Camera(find("#video"), () =>
  loseCamera(
    "The camera stopped giving pictures: it was unplugged, or taken away " +
      "from this page. Use it again, or choose a photo.",
  ),
);
const input = find("#file");
const whole = find("#whole");

let engine = null;
let ready = null; // a promise of the model's contract
let loadProblem = ""; // why there is none
let shownPhoto = null; // a bitmap, to look at again
let turn = 0; // counts what the user asked for; older answers are dropped

function load() {
  loadProblem = "";
  messages.complain("");
  messages.showProgress({});
  engine?.close();
  const before = shownPhoto ? null : turn;
  engine = new Engine((sizes) => messages.showProgress(sizes));
  ready = engine.load().then(({ contract, addresses }) => {
    messages.hideProgress();
    find("#model").textContent =
      `Model: ${contract.format}, ${contract.classNames.length} expressions, ` +
      `faces of ${contract.imageSize} pixels.`;
    keepForOffline(addresses);
    return contract;
  });
  ready
    .then(() => {
      if (turn !== before) return;
      messages.say("Ready. Choose a photo or use the camera.");
    })
    .catch((error) => {
      messages.hideProgress();
      loadProblem = `The networks could not be loaded. ${error.message}`;
      complainOfLoading();
    });
}

function complainOfLoading() {
  messages.say("");
  messages.complain(loadProblem, reload);
}

function reload() {
  load();
  if (shownPhoto) lookAtPhoto();
}

async function keepForOffline(addresses) {
  const scope = await registered;
  const kept = scope !== null && (await keep(scope, addresses));
  find("#offline").textContent = kept
    ? "This page now works without a network too."
    : "";
  document.documentElement.dataset.offline = kept ? "ready" : "no";
}

async function choose(file) {
  if (!file) return;
  stopCamera();
  const mine = ++turn;
  clear();
  shownPhoto?.close();
  shownPhoto = null;
  messages.say("Reading the photo ...");
  try {
    const bitmap = await readPhoto(file);
    if (mine !== turn) return bitmap.close();
    shownPhoto = bitmap;
    stage.showPhoto(bitmap);
  } catch (error) {
    if (mine !== turn) return;
    stage.showNothing();
    messages.say("");
    return messages.complain(error.message);
  }
  await lookAtPhoto();
}

async function lookAtPhoto() {
  const mine = ++turn;
  clear();
  messages.say("Looking for faces ...");
  try {
    const contract = await ready;
    const copy = await createImageBitmap(shownPhoto);
    const options = { whole: whole.checked, thorough: true };
    const found = await engine.look(copy, options);
    if (mine === turn) show(found, contract);
  } catch (error) {
    if (mine !== turn) return;
    if (loadProblem) return complainOfLoading();
    messages.say("");
    messages.complain(`The photo could not be looked at. ${error.message}`);
  }
}

function show(found, contract, rate = null) {
  const { faces, milliseconds } = found;
  const { classNames } = contract;
  const labels = faces.map((face) => labelOf(face, classNames));
  stage.showFaces(found, labels, camera.running && camera.mirrored);
  faceList.show(faces, contract);
  messages.showSpeed(milliseconds, faces.length, rate);
  const summary = summaryOf(faces, classNames);
  if (camera.running) return messages.sayNowAndThen(summary);
  messages.say(
    faces.length
      ? summary
      : "No face found. Choose another photo; or, if it is one face cut out " +
          "already, say so under Options.",
  );
}

function clear() {
  messages.complain("");
  messages.hideSpeed();
  faceList.show([]);
}

async function startCamera(start) {
  const mine = ++turn;
  clear();
  shownPhoto?.close();
  shownPhoto = null;
  messages.say("Starting the camera ...");
  try {
    if (!(await start())) return;
  } catch (error) {
    if (mine !== turn) return;
    return loseCamera(error.message);
  }
  if (mine !== turn) return camera.stop();
  stage.showVideo(camera.mirrored);
  markCamera();
  const numCameras = await camera.count();
  if (mine !== turn) return;
  find("#turn").hidden = numCameras < 2;
  messages.say("The camera is on.");
  await watch(mine);
}

async function watch(mine) {
  let contract;
  try {
    contract = await ready;
  } catch {
    if (mine !== turn) return;
    loseCamera("");
    return complainOfLoading(); // `clear` took it away
  }
  let rate = 0;
  let last = null;
  while (mine === turn && camera.running) {
    await camera.nextFrame();
    if (document.hidden || !camera.video.videoWidth) {
      last = null;
      continue;
    }
    try {
      const bitmap = await createImageBitmap(camera.video);
      const found = await engine.look(bitmap);
      if (mine !== turn) return;
      const now = performance.now();
      if (last !== null) {
        const current = 1000 / (now - last);
        rate = rate ? 0.8 * rate + 0.2 * current : current;
      }
      last = now;
      show(found, contract, rate || null); // unknown at the first
    } catch (error) {
      if (mine !== turn) return;
      return loseCamera(`The camera stopped. ${error.message}`);
    }
  }
}

function loseCamera(why) {
  turn += 1;
  stopCamera();
  clear();
  stage.showNothing();
  messages.say("");
  messages.complain(why);
}

function stopCamera() {
  camera.stop();
  find("#turn").hidden = true;
  markCamera();
}

function markCamera() {
  find("#camera-text").textContent = camera.running
    ? "Stop the camera"
    : "Use the camera";
}

input.addEventListener("change", () => {
  choose(input.files[0]);
  input.value = ""; // so that the same file can be chosen again
});
find("#camera").addEventListener("click", () => {
  if (!camera.running) return startCamera(() => camera.start());
  turn += 1;
  stopCamera();
  clear();
  stage.showNothing();
  messages.say("The camera is off.");
});
find("#turn").addEventListener("click", () => startCamera(() => camera.turn()));
whole.addEventListener("change", () => {
  if (shownPhoto && !camera.running) lookAtPhoto();
});
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    stage.element.classList.add("dropping");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) stage.element.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  stage.element.classList.remove("dropping");
  choose(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  choose(event.clipboardData.files[0]);
});

const registered = register();
load();
