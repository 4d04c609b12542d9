"""The built page, served, in a real Chromium, with a network made here."""

import contextlib
import os
import subprocess
from pathlib import Path

import filelock
import numpy as np
import pytest
from PIL import Image

from javascript import WEB
from javascript import require
from javascript import served

IMAGE_SIZE, VIEW_SIZE = 100, 90
FORMATS = ("float32", "int8", "full_int8")
WAIT = 60_000  # ms; a machine in use otherwise is slow


@pytest.fixture(scope="session")
def faces():
    """uint8 `(14, 100, 100, 3)`, drawn."""
    from drawn import drawn_faces

    return drawn_faces(14, size=IMAGE_SIZE).astype(np.uint8)


@pytest.fixture(scope="session")
def exported(faces, tmp_path_factory):
    """A folder of .tflite files: an eighth of the width, and decided.

    Untrained, but its answers differ from face to face, so that a page that
    gets them right has understood the pictures.
    """
    import keras

    import keras_fer
    from keras_fer import model_file
    from keras_fer.export import tflite

    keras.utils.set_random_seed(0)
    model = keras_fer.build_model(width=0.125)
    views = faces[:, 5:95, 5:95].astype("float32")
    keras_fer.calibrate_batch_norm(model, views)
    features = keras.Model(model.input, model.layers[-2].output)(views)
    features = keras.ops.convert_to_numpy(features)
    last = model.layers[-1]
    kernel, _ = last.get_weights()
    kernel *= 2 / (features @ kernel).std(axis=0)
    last.set_weights([kernel, -(features @ kernel).mean(axis=0)])
    directory = tmp_path_factory.mktemp("export")
    for name in FORMATS:
        path = directory / f"model.{name}.tflite"
        path.write_bytes(tflite.convert(model, name, views))
        contract = model_file.Contract(
            keras_fer.CLASSES, IMAGE_SIZE, VIEW_SIZE, name
        )
        model_file.attach(path, contract)
    return directory


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """web/node_modules as package-lock.json says, installed once."""
    npm = require("npm")
    lock = WEB / "package-lock.json"
    with filelock.FileLock(tmp_path_factory.getbasetemp().parent / "npm"):
        done = WEB / "node_modules" / ".package-lock.json"
        if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run([npm, "ci"], check=True, cwd=WEB, timeout=600)
    return WEB / "node_modules"


@pytest.fixture(scope="session")
def build(exported, packages, tmp_path_factory):
    """A function: format -> the folder of the page built with it."""
    built = {}

    def build_page(name):
        if name not in built:
            built[name] = tmp_path_factory.mktemp(f"page-{name}")
            model = exported / f"model.{name}.tflite"
            subprocess.run(
                [require("node"), "build.js", "--model", model]
                + ["--output", built[name]],
                check=True,
                cwd=WEB,
                timeout=120,
            )
        return built[name]

    return build_page


@pytest.fixture
def address(build):
    with served(build("float32")) as (address, _):
        yield address


@pytest.fixture(scope="session")
def playwright():
    chromium = require("chromium", "chromium-browser", "google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("pip install keras-fer[browser]")
    with sync_playwright() as running:
        yield running, chromium


@pytest.fixture(scope="session")
def launch(playwright):
    """A function: flags of Chromium -> the browser, started once."""
    running, chromium = playwright
    browsers = {}

    def launch_browser(*flags):
        if flags not in browsers:
            browsers[flags] = running.chromium.launch(
                # Containers have no user namespaces for the sandbox.
                executable_path=chromium,
                args=["--no-sandbox", *flags],
            )
        return browsers[flags]

    yield launch_browser
    for browser in browsers.values():
        browser.close()


@pytest.fixture
def new_page(launch):
    """A function: a page of a fresh profile, its errors collected."""
    contexts = []

    def open_page(*flags, errors=None, **options):
        context = launch(*flags).new_context(**options)
        contexts.append(context)
        context.set_default_timeout(WAIT)
        page = context.new_page()
        if errors is not None:
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on(
                "console",
                lambda line: line.type == "error" and errors.append(line.text),
            )
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def portrait():
    """Grace Hopper, as matplotlib carries her: public domain."""
    from matplotlib import cbook

    path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with Image.open(path) as image:
        return image.convert("RGB")


@pytest.fixture
def portrait_file(portrait, tmp_path):
    path = tmp_path / "portrait.jpg"
    portrait.save(path, quality=95)
    return path


@pytest.fixture
def served_page():
    """A function: a page's folder -> the address that it is served at."""
    with contextlib.ExitStack() as stack:
        yield lambda folder: stack.enter_context(served(folder))[0]


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """The folder that screenshots go to: $PAGE_SCREENSHOTS, to keep them."""
    kept = os.environ.get("PAGE_SCREENSHOTS")
    if kept is None:
        return tmp_path_factory.mktemp("screenshots")
    os.makedirs(kept, exist_ok=True)
    return Path(kept)
