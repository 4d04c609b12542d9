"""Photos of every kind give the faces in them, and the model's answers."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from test_face_image import STORED

import keras_fer
from keras_fer import faces
from keras_fer.classifier import Classifier
from keras_fer.errors import DataError
from keras_fer.face_detectors import Face
from keras_fer.face_detectors import whole_picture
from keras_fer.photos import open_photo
from keras_fer.photos import predict
from photo_model import write_model
from photographed import find_marked
from photographed import photo_of
from recipe_command import environment_of

PLACES = ((40, 60, 160), (300, 100, 220))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "model.float32.tflite"
    return Classifier(write_model(path))


def ask(photos, classifier, **options):
    return predict(photos, classifier, detector=find_marked, **options)


def test_each_face_has_the_classifiers_answer_for_its_aligned_crop(classifier):
    picture = photo_of(*PLACES)
    photo = ask(picture, classifier)
    assert (photo.width, photo.height) == (640, 480)
    assert len(photo.faces) == 2
    for face, (left, top, side) in zip(photo.faces, PLACES, strict=True):
        assert face.box == (left, top, left + side, top + side)
        crop = faces.align(picture, face.landmarks, 40)
        answer = classifier.predict(crop)
        assert face.probabilities == answer.probabilities
        assert face.label == answer.label
        assert tuple(face.probabilities) == keras_fer.CLASSES
        assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert face.score == 0.9


def test_paths_pictures_and_arrays_agree_alone_and_in_a_list(
    classifier, tmp_path
):
    picture = photo_of(*PLACES)
    path = tmp_path / "photo.png"
    picture.save(path)
    forms = [str(path), path, picture, np.asarray(picture)]
    expected = ask(picture, classifier)
    assert ask(forms, classifier) == [expected] * 4
    assert [ask(form, classifier) for form in forms] == [expected] * 4
    assert ask([], classifier) == []


def test_a_photo_without_faces_has_none(classifier):
    assert ask(photo_of(), classifier).faces == ()


def test_ready_crops_give_what_classify_gives(classifier):
    crop = photo_of((0, 0, 90), size=(90, 90))
    photo = predict(crop, classifier, detector=whole_picture)
    (face,) = photo.faces
    answer = classifier.predict(crop)
    assert face.probabilities == answer.probabilities
    assert face.landmarks is None and face.box == (0, 0, 90, 90)


BAD_FACES = {
    "No face has its landmarks": Face(
        (5.0, 5.0, 50.0, 60.0), ((9.0, 9.0),) * 5
    ),
    "lies outside the photo": Face(
        (-90.0, 0.0, 1.0, 90.0), tuple(map(tuple, faces.TEMPLATE - (900, 0)))
    ),
    "10x12 pixels": Face((600.0, 70.0, 610.0, 82.0)),
    "0x80 pixels": Face((700.0, 70.0, 780.0, 150.0)),
    "no possible face": Face((1.0, 1.0, np.nan, 9.0)),
}


@pytest.mark.parametrize("reason", BAD_FACES)
def test_a_face_that_cannot_be_cut_out_costs_the_others_nothing(
    reason, classifier
):
    bad = BAD_FACES[reason]

    def detector(photo):
        first, second = find_marked(photo)
        return [first, bad, second]

    picture = photo_of(*PLACES)
    photo = predict(picture, classifier, detector=detector)
    assert photo.faces == ask(picture, classifier).faces
    (skipped,) = photo.skipped
    assert reason in skipped.reason
    assert skipped.box == (bad.box if np.isfinite(bad.box).all() else None)


def test_a_photo_whose_faces_cannot_be_cut_out_has_none(classifier):
    bad = list(BAD_FACES.values())
    photo = predict(photo_of(), classifier, detector=lambda searched: bad)
    assert photo.faces == () and len(photo.skipped) == len(bad)


def test_a_picture_that_is_to_be_a_face_and_cannot_is_refused(classifier):
    with pytest.raises(DataError, match="300x40"):
        predict(photo_of(size=(300, 40)), classifier, detector=whole_picture)


@pytest.mark.parametrize(
    "template", [faces.TEMPLATE[:3], np.full((5, 2), 50.0), [(np.nan, 1)] * 4]
)
def test_a_template_of_no_face_is_not_blamed_on_the_faces(template, classifier):
    with pytest.raises(ValueError, match="A template has five points"):
        ask(photo_of(*PLACES), classifier, template=template)


def test_a_model_is_opened_by_its_path(classifier):
    picture = photo_of(PLACES[1])
    path = classifier._model.path
    assert ask(picture, path) == ask(picture, classifier)


def test_ten_crops_and_the_template_are_passed_on(classifier):
    picture = photo_of(PLACES[1])
    (face,) = ask(picture, classifier, ten_crop=True).faces
    crop = faces.align(picture, face.landmarks, 40)
    answer = classifier.predict(crop, ten_crop=True)
    assert face.probabilities == answer.probabilities
    template = (faces.TEMPLATE - 50) * 0.8 + 50
    (face,) = ask(picture, classifier, template=template).faces
    crop = faces.align(picture, face.landmarks, 40, template)
    assert face.probabilities == classifier.predict(crop).probabilities


@pytest.mark.parametrize("orientation", STORED)
def test_exif_changes_nothing(orientation, classifier, tmp_path):
    picture = np.asarray(photo_of(*PLACES))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.png"
    stored = np.ascontiguousarray(STORED[orientation](picture))
    Image.fromarray(stored).save(path, exif=exif)
    assert ask(path, classifier) == ask(picture, classifier)


def test_twenty_megapixels_are_searched_small_and_cut_out_large(classifier):
    picture = photo_of((3000, 1000, 1200), size=(5472, 3648))
    seen = []

    def detector(searched):
        seen.append(max(searched.shape))
        return find_marked(searched)

    (face,) = predict(picture, classifier, detector=detector).faces
    assert seen == [faces.MAX_SIDE]
    assert np.abs(np.subtract(face.box, (3000, 1000, 4200, 2200))).max() < 12


def test_modes_of_pictures_are_converted(classifier, tmp_path):
    grey = photo_of(PLACES[1]).convert("L")
    marked = np.asarray(grey)
    found = open_photo(marked)
    np.testing.assert_array_equal(np.asarray(found)[..., 1], marked)
    sixteen = tmp_path / "sixteen.png"
    Image.fromarray(marked.astype(np.uint16) * 257).save(sixteen)
    np.testing.assert_array_equal(open_photo(sixteen), found)
    cmyk = tmp_path / "cmyk.jpg"
    picture = photo_of(PLACES[1])
    picture.convert("CMYK").save(cmyk, quality=95)
    assert len(ask(cmyk, classifier).faces) == 1


def test_of_an_animation_the_first_picture_is_taken(classifier, tmp_path):
    path = tmp_path / "moving.webp"
    first, second = photo_of(PLACES[1]), photo_of()
    first.save(path, save_all=True, append_images=[second], lossless=True)
    assert ask(path, classifier) == ask(first, classifier)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text.jpg", b"not a picture", "text.jpg cannot be decoded"),
        ("empty.jpg", b"", "empty.jpg cannot be decoded"),
        ("turning.gif", b"GIF89a" + b"\0" * 40, "JPEG, PNG, WEBP"),
        ("p.HEIC", b"\0\0\0\x18ftypheic" + b"\0" * 9, "heif-convert"),
        ("absent.jpg", None, "no picture .*absent.jpg"),
    ],
)
def test_what_is_no_photo_is_refused(
    name, content, message, classifier, tmp_path
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        ask([photo_of(), tmp_path / name], classifier)


def test_half_a_jpeg_is_refused(classifier, tmp_path):
    path = tmp_path / "half.jpg"
    photo_of(*PLACES).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="half.jpg cannot be decoded"):
        ask(path, classifier)


@pytest.mark.parametrize("size", [(1, 1), (31, 600)])
def test_what_is_too_small_for_a_face_is_refused(size, classifier):
    with pytest.raises(DataError, match=f"{size[0]}x{size[1]} pixels"):
        ask(Image.new("RGB", size), classifier)


def test_a_bomb_is_refused_from_its_head(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(path)
    code = (
        "import resource, sys\n"
        "from keras_fer.errors import DataError\n"
        "from keras_fer.photos import open_photo\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "try: open_photo(sys.argv[1])\n"
        "except DataError as error: print(error)\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        env=environment_of(PYTHONPATH=os.pathsep.join(sys.path)),
        capture_output=True,
        text=True,
        check=True,
    )
    message, grown = done.stdout.splitlines()
    assert "bomb.png claims more than" in message
    assert int(grown) < 20_000  # kB, of 2.7 GB
