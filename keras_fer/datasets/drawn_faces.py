"""The embedded data set: faces drawn by code, in RAF-DB's or SFEW's layout.

It lets a demonstration and the tests go through exactly the code that the
real sets go through. The splits share no person, pose or colour, and
nothing but the geometry of the features depends on the expression.
"""

import hashlib
import json
import shutil
from pathlib import Path

import filelock
import numpy as np
import PIL
from PIL import Image
from PIL import ImageFilter

from keras_fer import files
from keras_fer.classes import CLASSES
from keras_fer.datasets import drawn_features
from keras_fer.datasets import drawn_heads
from keras_fer.datasets import drawn_people

MANIFEST_NAME = "drawn_faces.json"  # lies in every drawn set
# The folder that holds the pictures, by layout.
_ROOTS = {"raf_db": "basic", "sfew": "SFEW"}
_LABEL_PATH = "basic/EmoLabel/list_patition_label.txt"
_IMAGE_DIRECTORY = "basic/Image/aligned"
_SFEW_PARTS = {"train": "Train", "test": "Val"}
_SFEW_FOLDERS = (
    "Surprise",
    "Fear",
    "Disgust",
    "Happy",
    "Sad",
    "Angry",
    "Neutral",
)
_SFEW_SIZE = (143, 143)

_MOST_FACES = 99_999  # a file name has five digits
_JPEG_QUALITIES = 70, 93


def write_drawn_faces(
    directory: str | Path,
    *,
    layout: str = "raf_db",
    num_train: int = 1400,
    num_test: int = 350,
    seed: int = 0,
) -> Path:
    """Draws a data set of faces into a folder, in an official layout.

    The expressions take turns, so their numbers differ by one at most. Face
    N of a split is the same however many are drawn. The folder appears when
    it is whole; a set of the same faces that lies there already is checked
    and kept, and a set of others, or a damaged one, is drawn anew. The
    default takes about ten seconds.

    Args:
        directory: the folder to make.
        layout: "raf_db", or "sfew" with the test faces as its validation
            part.
        num_train: how many faces to draw for training, 7 to 99,999.
        num_test: how many faces to draw for the test, 7 to 99,999.
        seed: 0 or more; another seed gives other faces.

    Returns:
        The folder's absolute path. It holds `drawn_faces.json`, which says
        how the set was made, and for "raf_db"
        `basic/EmoLabel/list_patition_label.txt` (file name and id 1 to 7)
        and `basic/Image/aligned/{train,test}_NNNNN_aligned.jpg` (RGB,
        100x100), for "sfew" `SFEW/Train/Train_Aligned_Faces/CLASS/N.png`
        (RGB, 143x143) and the same under `Val`.

    Raises:
        ValueError: if a number is out of range, or if the folder holds
            anything that was not drawn here; nothing is touched then.
    """
    if layout not in _ROOTS:
        raise ValueError(
            f"layout must be one of {tuple(_ROOTS)}. Received: {layout!r}"
        )
    counts = {"train": num_train, "test": num_test}
    for split, count in counts.items():
        if not len(CLASSES) <= count <= _MOST_FACES:
            raise ValueError(
                f"num_{split} must be {len(CLASSES)} (a face of every "
                f"expression) to {_MOST_FACES}. Received: {count}"
            )
    if seed < 0:
        raise ValueError(f"seed must be 0 or more. Received: {seed}")
    target = Path(directory).resolve()
    partial = target.with_name(f".{target.name}.partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    recipe = _recipe(layout, counts, seed)
    with filelock.FileLock(target.with_name(f".{target.name}.lock")):
        if _is_complete(target, recipe):
            return target
        _check_replaceable(target)
        shutil.rmtree(partial, ignore_errors=True)
        try:
            write = _write_sfew if layout == "sfew" else _write_raf_db
            write(partial, counts, seed)
            recipe["sha256"] = _hash_tree(partial / _ROOTS[layout])
            files.write_json(partial / MANIFEST_NAME, recipe)
            _move_into_place(partial, target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return target


def draw_face(
    expression: str,
    generator: np.random.Generator,
    *,
    split: str = "train",
) -> Image.Image:
    """Draws one face.

    The same generator state gives the same person in the same light for
    every expression.

    Args:
        expression: one of `keras_fer.CLASSES`.
        generator: the source of everything random.
        split: "train" or "test": which persons to draw from.

    Returns:
        The picture, RGB, 100x100.

    Raises:
        ValueError: if there is no such expression or split.
    """
    person = drawn_people.draw_person(generator, split=split)
    muscles = drawn_people.draw_muscles(expression, generator)
    image = drawn_heads.blank_image()
    drawn_heads.paint_background(image, person, generator)
    canvas = drawn_heads.Canvas(image, person)
    jaw_drop = drawn_features.jaw_drop(muscles)
    drawn_heads.paint_head(canvas, person, jaw_drop)
    drawn_features.paint_folds(canvas, person, muscles)
    drawn_heads.paint_hair(canvas, person, jaw_drop)
    drawn_features.paint_features(canvas, person, muscles)
    if person["glasses"]:
        drawn_heads.paint_glasses(canvas.moved(person["turn"]), person)
    image = image.reduce(drawn_heads.SUPERSAMPLING)
    return _photograph(image, person, generator)


def _photograph(image, person, generator):
    """Light from one side, exposure, blur and the camera's noise."""
    image = image.filter(ImageFilter.GaussianBlur(person["blur"]))
    angle = np.deg2rad(person["light_angle"])
    place = np.linspace(-1.0, 1.0, drawn_heads.SIZE, dtype=np.float32)
    slope = np.cos(angle) * place + np.sin(angle) * place[:, None]
    light = person["exposure"] * (1.0 + person["light_slope"] * slope)
    warmth = 1.0 + person["warmth"] * np.array([1, 0, -1], np.float32)
    pixels = np.asarray(image) * (light[..., None] * warmth)
    noise = generator.standard_normal(pixels.shape, dtype=np.float32)
    pixels = pixels + person["noise"] * noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _recipe(layout, counts, seed):
    """All that the pictures follow from, the drawing code included."""
    modules = drawn_people, drawn_heads, drawn_features
    paths = [Path(__file__), *(Path(module.__file__) for module in modules)]
    return {
        "layout": layout,
        "num_train": counts["train"],
        "num_test": counts["test"],
        "seed": seed,
        "code": {path.name: files.sha256(path) for path in paths},
        "numpy": np.__version__,
        "pillow": PIL.__version__,
    }


def _is_complete(directory, recipe):
    """Whether the folder holds this very set, byte for byte."""
    try:
        text = (directory / MANIFEST_NAME).read_text(encoding="utf-8")
        manifest = json.loads(text)
        pictures = directory / _ROOTS[recipe["layout"]]
        return manifest == recipe | {"sha256": _hash_tree(pictures)}
    except (OSError, ValueError):
        return False


def _check_replaceable(directory):
    """Refuses to remove what was not drawn here, such as the real RAF-DB."""
    if not directory.exists():
        return
    found = "is a file"
    if directory.is_dir():
        names = {path.name for path in directory.iterdir()}
        known = (
            {*_ROOTS.values(), MANIFEST_NAME}
            if MANIFEST_NAME in names
            else set()
        )
        if names <= known:
            return
        found = f"holds {min(names - known)!r}, which was not drawn"
    raise ValueError(
        "Faces are drawn into a new folder, or over an older set of them, "
        f"but {directory} {found}. Choose another folder."
    )


def _draw(counts, seed):
    """Yields (split, number from 1, label, picture, its generator)."""
    for part, (split, count) in enumerate(counts.items()):
        for number in range(count):
            generator = np.random.default_rng([seed, part, number])
            label = number % len(CLASSES)
            image = draw_face(CLASSES[label], generator, split=split)
            yield split, number + 1, label, image, generator


def _write_raf_db(directory, counts, seed):
    images = directory / _IMAGE_DIRECTORY
    images.mkdir(parents=True)
    lines = []
    for split, number, label, image, generator in _draw(counts, seed):
        name = f"{split}_{number:05d}"
        quality = int(generator.integers(*_JPEG_QUALITIES))
        image.save(images / f"{name}_aligned.jpg", quality=quality)
        lines.append(f"{name}.jpg {label + 1}\n")
    files.write_text(directory / _LABEL_PATH, "".join(lines))


def _write_sfew(directory, counts, seed):
    for split, number, label, image, _ in _draw(counts, seed):
        part = _SFEW_PARTS[split]
        folder = directory / _ROOTS["sfew"] / part / f"{part}_Aligned_Faces"
        folder = folder / _SFEW_FOLDERS[label]
        folder.mkdir(parents=True, exist_ok=True)
        image = image.resize(_SFEW_SIZE, Image.Resampling.BICUBIC)
        image.save(folder / f"{number:05d}.png")


def _hash_tree(directory):
    """One SHA-256 over the names and contents of all files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            name = path.relative_to(directory).as_posix()
            digest.update(f"{name} {files.sha256(path)}\n".encode())
    return digest.hexdigest()


def _move_into_place(partial, target):
    replaced = target.with_name(f".{target.name}.replaced")
    shutil.rmtree(replaced, ignore_errors=True)
    if target.exists():
        target.rename(replaced)
    partial.rename(target)
    shutil.rmtree(replaced, ignore_errors=True)
