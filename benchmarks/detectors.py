"""Do the page and the command find the same faces, and answer alike?

    python benchmarks/detectors.py --data-dir FACES

Sets aligned faces of a data set (any layout that `keras-fer evaluate` knows)
into photos, four each, in known places, sizes and angles, and gives the same
files to `keras_fer.predict` with mtcnn and to the built page in Chromium.
Prints how many faces each finds, how far eyes, nose and mouth lie from where
the face was set (in per cent of the distance between the eyes; aligned faces
keep to the template only on average), and how often both give the same label.
Needs the extras `faces` and `browser`, Node, Chromium and `npm ci` in web/.
"""

import contextlib
import dataclasses
import io
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from PIL import ImageFilter

from keras_fer import faces
from keras_fer import markdown
from keras_fer import photos
from keras_fer.classifier import Classifier
from keras_fer.datasets import layouts
from keras_fer.face_image import to_rgb

WEB = Path(__file__).parents[1] / "web"
CELL = (320, 240)  # of the four in a photo
SIDES = (40, 70, 120, 200)  # limits of the bands of sizes, in pixels
# What the page keeps of each face: four points, the last the mouth's centre.
READ = """() => JSON.stringify([...document.querySelectorAll(".face")].map(
  (face) => [
    face.dataset.points.split(",").map(Number),
    [...face.querySelectorAll(".bar")].map(
      (bar) => Number(bar.dataset.probability),
    ),
  ],
))"""


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares the two detectors."""

    data_dir: Path
    """Folder of the data set."""
    model: Path | None = None
    """A .tflite. None: the shipped preset's."""
    num_photos: int = 150
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Found:
    """A face that one of the two found: four points, and its answer."""

    points: np.ndarray
    answer: int


def main(config):
    part, _ = layouts.load_judged_part(config.data_dir)
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(part))[: 4 * config.num_photos]
    classifier = Classifier(config.model)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_page(config.model) as page,
    ):
        rows, false, milliseconds = [], {"mtcnn": 0, "page": 0}, []
        for number in range(len(order) // 4):
            path = Path(folder, f"{number}.png")
            chosen = [part.images[i] for i in order[4 * number :][:4]]
            places = draw_photo(chosen, rng, path)
            found, taken = ask_page(page, path)
            milliseconds.append(taken)
            answers = {"mtcnn": ask_mtcnn(path, classifier), "page": found}
            for side, truth in places:
                matched = {
                    name: match(truth, found) for name, found in answers.items()
                }
                rows.append((side, truth, matched))
            for name, found in answers.items():
                false[name] += sum(
                    all(match(truth, [one]) is None for _, truth in places)
                    for one in found
                )
    report(rows, false, milliseconds)


def draw_photo(contents, rng, path):
    """Four faces in a photo; of each its side and its four true points."""
    photo = Image.new("RGB", (2 * CELL[0], 2 * CELL[1]))
    places = []
    for cell, content in enumerate(contents):
        with Image.open(io.BytesIO(content)) as image:
            face = to_rgb(image)
        left, top = cell % 2 * CELL[0], cell // 2 * CELL[1]
        around = face.resize(CELL).filter(ImageFilter.GaussianBlur(25))
        photo.paste(around, (left, top))
        side = int(np.exp(rng.uniform(*np.log([SIDES[0], SIDES[-1]]))))
        angle = rng.uniform(-20, 20)
        x, y = (
            start + rng.integers(0, length - side + 1)
            for start, length in zip((left, top), CELL, strict=True)
        )
        mask = Image.new("L", face.size)
        inner = round(0.06 * face.width)
        mask.paste(255, (inner, inner, face.width - inner, face.height - inner))
        mask = mask.filter(ImageFilter.GaussianBlur(inner / 2))
        placed = [
            picture.rotate(angle, Image.Resampling.BICUBIC).resize(
                (side, side), Image.Resampling.LANCZOS
            )
            for picture in (face, mask)
        ]
        photo.paste(placed[0], (int(x), int(y)), placed[1])
        points = faces.middle_of_mouth(faces.TEMPLATE) / faces.TEMPLATE_SIDE
        turn = np.exp(-1j * np.deg2rad(angle))
        turned = (points @ (1, 1j) - 0.5 - 0.5j) * turn + 0.5 + 0.5j
        truth = side * np.stack([turned.real, turned.imag], axis=1) + (x, y)
        places.append((side, truth))
    photo.save(path)
    return places


def ask_mtcnn(path, classifier):
    answer = photos.predict(path, classifier)
    return [
        Found(
            faces.middle_of_mouth(np.asarray(face.landmarks)),
            int(np.argmax(list(face.probabilities.values()))),
        )
        for face in answer.faces
    ]


def ask_page(page, path):
    """The faces that the page shows, and how long it looked for them, ms."""
    found = choose(page, path)
    taken = int(re.search(r"(\d+) ms", page.inner_text("#speed"))[1])
    return [
        Found(np.reshape(points, (-1, 2)), int(np.argmax(probabilities)))
        for points, probabilities in found
    ], taken


def choose(page, path):
    """Gives the page a photo; [points, probabilities] of each face."""
    page.set_input_files("#file", path)
    page.wait_for_selector("#speed:not(:empty)")
    return json.loads(page.evaluate(READ))


@contextlib.contextmanager
def open_page(model):
    """The page, built with a .tflite, in a browser, its networks loaded.

    None takes the shipped preset's.
    """
    from playwright.sync_api import sync_playwright

    node, chromium = shutil.which("node"), shutil.which("chromium")
    if node is None or chromium is None:
        raise SystemExit("Node and Chromium are needed, on the PATH.")
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.ExitStack() as stack,
    ):
        built = Path(folder, "page")
        named = ["--model", model.absolute()] if model else []
        command = [node, WEB / "build.js", *named, "--output", built]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen(
            [node, WEB / "serve.js", "--port", "0", "--directory", built],
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(server.wait)
        stack.callback(server.kill)
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        stack.callback(browser.close)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.goto(server.stdout.readline().strip())
        page.wait_for_selector("#loading", state="hidden")
        yield page


def eye_distance(points):
    return np.hypot(*(points[1] - points[0]))


def match(truth, found):
    """The nearest of the found faces, if it lies on the true one."""
    limit = eye_distance(truth) / 2
    near = [
        (np.hypot(*(one.points - truth).mean(axis=0)), i)
        for i, one in enumerate(found)
    ]
    distance, index = min(near, default=(np.inf, None))
    return found[index] if distance < limit else None


def report(rows, false, milliseconds):
    table = []
    for low, high in zip(SIDES, SIDES[1:], strict=False):
        band = [row for row in rows if low <= row[0] < high]
        both = [m for _, _, m in band if all(m.values())]
        same = [m["mtcnn"].answer == m["page"].answer for m in both]
        apart = [distance(m["mtcnn"].points, m["page"].points) for m in both]
        table.append(
            [
                f"{low} to {high} px",
                str(len(band)),
                *(share_found(band, name) for name in false),
                *(from_truth(band, name) for name in false),
                f"{np.median(apart):.1f}",
                f"{np.mean(same):.1%}",
            ]
        )
    header = "side,faces,mtcnn finds,page finds,mtcnn from truth,"
    header += "page from truth,apart,same label"
    print(markdown.table(header.split(","), table))
    print(
        f"Where no face was set: mtcnn {false['mtcnn']}, page {false['page']}. "
        f"The page looked for {np.median(milliseconds):.0f} ms a photo."
    )


def share_found(band, name):
    return f"{np.mean([m[name] is not None for _, _, m in band]):.1%}"


def from_truth(band, name):
    distances = [
        distance(m[name].points, truth) for _, truth, m in band if m[name]
    ]
    return f"{np.median(distances):.1f}"


def distance(points, others):
    """Mean distance of four points, in per cent of that of the eyes."""
    apart = np.hypot(*(points - others).T).mean()
    return 100 * apart / eye_distance(others)


if __name__ == "__main__":
    main(tyro.cli(Config))
