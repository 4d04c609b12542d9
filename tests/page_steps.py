"""What a visitor of the page does and sees."""

import json

import numpy as np


def open_ready(page, address):
    """Opens the page and waits until its networks are loaded."""
    page.goto(address)
    page.wait_for_selector("#loading", state="hidden")
    assert not page.is_visible("#problem"), page.inner_text("#problem")


def choose(page, path):
    """Chooses a photo and waits for the answer; the list of faces."""
    page.set_input_files("#file", path)
    page.wait_for_selector("#speed:not(:empty)")
    return shown_faces(page)


def shown_faces(page):
    """Of each face its box, points, view and probabilities by class."""
    answer = page.evaluate(
        """() => JSON.stringify([...document.querySelectorAll(".face")].map(
          (face) => ({
            label: face.querySelector(".face-label").textContent,
            box: face.dataset.box.split(",").map(Number),
            points: face.dataset.points.split(",").filter(Boolean).map(Number),
            probabilities: Object.fromEntries(
              [...face.querySelectorAll(".bar")].map(
                (bar) => [bar.dataset.class, Number(bar.dataset.probability)],
              ),
            ),
            view: (([canvas]) => [
              ...canvas
                .getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height).data,
            ])(face.querySelectorAll(".face-view")),
          }),
        ))"""
    )
    faces = json.loads(answer)
    for face in faces:
        side = int((len(face["view"]) / 4) ** 0.5)
        view = np.reshape(face["view"], (side, side, 4))
        face["view"] = view[..., :3].astype(np.uint8)
        face["points"] = np.reshape(face["points"], (-1, 2))
    return faces
