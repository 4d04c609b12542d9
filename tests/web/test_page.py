import re

import numpy as np
import pytest
from PIL import Image

from javascript import WEB
from keras_fer.classifier import Classifier
from page_steps import choose
from page_steps import open_ready
from page_steps import shown_faces

pytestmark = pytest.mark.browser
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}


def test_a_photo_gives_a_box_and_seven_bars(new_page, address, portrait_file):
    errors = []
    page = new_page(errors=errors)
    open_ready(page, address)
    (face,) = choose(page, portrait_file)
    left, top, width, height = face["box"]
    # Where she is: x 200 to 330, y 150 to 320 of 512x600.
    assert 160 < left < 240 and 290 < left + width < 370
    assert 100 < top < 190 and 280 < top + height < 350
    assert len(face["probabilities"]) == 7
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert page.get_by_role("status").inner_text().startswith("1 face: ")
    assert re.fullmatch(
        r"finding faces \d+ ms · expressions \d+ ms a face",
        page.inner_text("#speed"),
    )
    assert not errors


@pytest.mark.parametrize("name", ["float32", "int8", "full_int8"])
def test_probabilities_are_those_of_python(
    name, build, exported, new_page, faces, served_page, tmp_path
):
    classifier = Classifier(exported / f"model.{name}.tflite")
    page = new_page()
    open_ready(page, served_page(build(name)))
    page.get_by_text("Options").click()
    page.get_by_label("one face, cut out already").check()
    answers = []
    for index, face in enumerate(faces[:7]):
        path = tmp_path / f"{index}.png"
        Image.fromarray(face).save(path)
        (found,) = choose(page, path)
        assert (found["view"] == face[5:95, 5:95]).all()
        expected = classifier.predict(path).probabilities
        assert list(found["probabilities"]) == list(expected)
        for class_name, probability in expected.items():
            assert found["probabilities"][class_name] == pytest.approx(
                probability, abs=1e-3
            )
        answers.append(list(expected.values()))
    # Answers that were all alike would show nothing.
    assert np.ptp(answers, axis=0).max() > 0.3


def test_a_crop_of_any_size_is_resized_as_in_python(
    new_page, address, exported, portrait, tmp_path
):
    classifier = Classifier(exported / "model.float32.tflite")
    path = tmp_path / "crop.png"
    portrait.crop((170, 110, 420, 310)).save(path)
    page = new_page()
    open_ready(page, address)
    page.get_by_text("Options").click()
    page.get_by_label("one face, cut out already").check()
    (found,) = choose(page, path)
    with Image.open(path) as picture:
        resized = picture.resize((100, 100), Image.Resampling.BILINEAR)
    assert (found["view"] == np.asarray(resized)[5:95, 5:95]).all()
    expected = classifier.predict(path).probabilities
    for class_name, probability in expected.items():
        assert found["probabilities"][class_name] == pytest.approx(
            probability, abs=1e-3
        )


def test_what_is_no_face_crop_gets_no_answer(
    new_page, address, portrait, tmp_path
):
    page = new_page()
    open_ready(page, address)
    page.get_by_text("Options").click()
    page.get_by_label("one face, cut out already").check()
    for size in ((1, 1), (300, 100)):
        path = tmp_path / "odd.png"
        portrait.resize(size).save(path)
        page.set_input_files("#file", path)
        alert = page.get_by_role("alert")
        alert.get_by_text(f"It is {size[0]}x{size[1]} pixels").wait_for()
        assert shown_faces(page) == []


def test_a_tilted_face_is_levelled(new_page, address, portrait, tmp_path):
    page = new_page()
    open_ready(page, address)
    views, points = [], []
    for angle in (0, 25):
        path = tmp_path / f"{angle}.png"
        portrait.rotate(angle, Image.Resampling.BICUBIC).save(path)
        (face,) = choose(page, path)
        views.append(face["view"].astype(float).mean(axis=-1))
        points.append(face["points"] @ [1, 1j])
    center = portrait.width / 2 + 1j * portrait.height / 2
    turned = (points[0] - center) * np.exp(-1j * np.radians(25)) + center
    eyes = abs(points[0][0] - points[0][1])
    assert np.abs(turned - points[1]).max() < 0.12 * eyes
    # Coarsely: her glasses are lines of one pixel.
    inner = [
        view[15:-15, 15:-15].reshape(10, 6, 10, 6).mean(axis=(1, 3)).ravel()
        for view in views
    ]
    assert np.corrcoef(inner)[0, 1] > 0.9


def test_several_and_small_faces_are_found(
    new_page, address, portrait, tmp_path
):
    crowd = Image.new("RGB", (1600, 1200), (90, 110, 120))
    places = [(40, 60), (700, 500), (1300, 100), (1200, 800), (100, 850)]
    for place, side in zip(places, (512, 256, 128, 256, 128), strict=True):
        crowd.paste(portrait.resize((side, side * 600 // 512)), place)
    path = tmp_path / "crowd.jpg"
    crowd.save(path)
    page = new_page()
    open_ready(page, address)
    found = choose(page, path)
    assert len(found) == len(places)
    lefts = [face["box"][0] for face in found]
    assert lefts == sorted(lefts)
    assert page.get_by_role("status").inner_text().startswith("5 faces: 1 ")


def test_a_face_that_fills_the_picture_is_found(
    new_page, address, portrait, tmp_path
):
    path = tmp_path / "near.png"
    # Neither hat nor shoulders: one of the networks misses her.
    portrait.crop((170, 170, 365, 300)).save(path)
    page = new_page()
    open_ready(page, address)
    assert len(choose(page, path)) == 1


def test_an_upright_photo_whatever_its_orientation_tag(
    new_page, address, portrait, tmp_path
):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    path = tmp_path / "turned.jpg"
    turned = portrait.transpose(Image.Transpose.ROTATE_90)
    turned.save(path, exif=exif, quality=95)
    page = new_page()
    open_ready(page, address)
    (face,) = choose(page, path)
    assert 160 < face["box"][0] < 240 and 100 < face["box"][1] < 190


def test_a_picture_without_faces_says_so(new_page, address, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.png"
    Image.fromarray(rng.integers(0, 256, (300, 400, 3), np.uint8)).save(path)
    page = new_page()
    open_ready(page, address)
    assert choose(page, path) == []
    assert "No face found" in page.get_by_role("status").inner_text()


def test_broken_files_are_refused_and_the_next_one_works(
    new_page, address, portrait_file, tmp_path
):
    whole = portrait_file.read_bytes()
    page = new_page()
    open_ready(page, address)
    for name, content, reason in (
        ("half.jpg", whole[: len(whole) // 2], "damaged or incomplete"),
        ("text.jpg", b"no picture at all", "not a JPEG, PNG or WebP"),
        ("empty.jpg", b"", "0 bytes"),
        ("headless.jpg", whole[:20] + whole[400:], "damaged"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        page.set_input_files("#file", path)
        alert = page.get_by_role("alert")
        alert.get_by_text(f"{name} cannot be used").wait_for()
        assert reason in alert.inner_text()
        assert shown_faces(page) == []
    assert len(choose(page, portrait_file)) == 1
    assert not page.get_by_role("alert").is_visible()


def test_a_dropped_photo_is_looked_at(new_page, address, portrait_file):
    page = new_page()
    open_ready(page, address)
    transfer = page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          const content = new Uint8Array(bytes);
          transfer.items.add(new File([content], "dropped.jpg"));
          return transfer;
        }""",
        list(portrait_file.read_bytes()),
    )
    page.dispatch_event("#stage", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#speed:not(:empty)")
    assert len(shown_faces(page)) == 1


def test_everything_is_reached_by_keyboard(new_page, address):
    page = new_page()
    open_ready(page, address)
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                  const active = document.activeElement;
                  const target = active.id === "file"
                    ? document.querySelector("label[for=file]") : active;
                  const { outlineStyle } = getComputedStyle(target);
                  return [active.id || active.tagName, outlineStyle];
                }"""
            )
        )
    assert reached[:3] == [
        ["file", "solid"],
        ["camera", "solid"],
        ["SUMMARY", "solid"],
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_at_any_size(
    size, scheme, new_page, address, portrait_file, screenshots
):
    width, height = SIZES[size]
    page = new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme
    )
    open_ready(page, address)
    choose(page, portrait_file)
    page.screenshot(path=screenshots / f"{size}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator(".button:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 44, button.inner_text()
    ratios = page.evaluate(
        (WEB.parent / "tests/web/contrast.js").read_text(encoding="utf-8")
    )
    assert ratios and min(ratios.values()) >= 4.5, ratios
