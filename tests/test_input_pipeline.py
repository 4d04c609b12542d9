"""Batches follow from the epoch's table and from nothing else."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from keras_fer import augment
from keras_fer import input_pipeline
from keras_fer.classes import CLASSES
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.datasets.stored_pictures import StoredPictures

STILL = augment.ViewSettings(100, 90)
TURNED = augment.ViewSettings(100, 90, max_angle=10.0)


def encode(picture, kind="JPEG"):
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    labels = np.array([index % 7 for index in range(26)], "int32")
    pictures = [
        encode(draw_face(CLASSES[label], rng).convert("RGB"))
        for label in labels
    ]
    names = tuple(f"{index}.jpg" for index in range(26))
    return LabeledFaces(tuple(pictures), labels, names, CLASSES)


@pytest.fixture
def stored(faces, tmp_path):
    """The same faces, in one file."""
    path = tmp_path / "faces"
    path.write_bytes(b"".join(faces.images))
    sizes = [len(content) for content in faces.images]
    starts = np.cumsum([0, *sizes[:-1]])
    places = np.stack([np.zeros(26), starts, sizes], axis=1)
    return dataclasses.replace(
        faces, images=StoredPictures.within([path], places)
    )


def draw(faces, **arguments):
    arguments = {"seed": 0, "epoch": 0, "settings": TURNED} | arguments
    return input_pipeline.draw_epoch(faces.labels, **arguments)


def collect(faces, table, **arguments):
    batches = input_pipeline.train_batches(
        faces, table, settings=TURNED, batch_size=8, **arguments
    )
    return [(np.array(images), np.array(labels)) for images, labels in batches]


def test_the_same_table_gives_the_same_batches(faces):
    first, second = (collect(faces, draw(faces)) for _ in range(2))
    assert len(first) == 3  # 26 faces fill three batches of 8
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])


def test_skipped_batches_are_those_that_were_done(faces):
    whole = collect(faces, draw(faces))
    rest = collect(faces, draw(faces), skip=2)
    assert len(rest) == 1
    np.testing.assert_array_equal(rest[0][0], whole[2][0])
    np.testing.assert_array_equal(rest[0][1], whole[2][1])


@pytest.mark.parametrize("number", [2, 4])
def test_the_parts_of_a_batch_make_it_up(faces, number):
    whole = collect(faces, draw(faces), skip=1)
    parts = [
        collect(faces, draw(faces), skip=1, share=(index, number))
        for index in range(number)
    ]
    for step in range(2):
        for field in range(2):
            joined = np.concatenate([part[step][field] for part in parts])
            np.testing.assert_array_equal(joined, whole[step][field])


@pytest.mark.parametrize("share", [(0, 3), (2, 2), (-1, 2)])
def test_a_part_that_a_batch_has_not_is_refused(faces, share):
    with pytest.raises(ValueError, match="A batch of 8 faces has no part"):
        collect(faces, draw(faces), share=share)


def test_pictures_in_files_give_the_batches_of_those_in_memory(faces, stored):
    table = draw(faces, class_balance=0.5)
    for skip in (0, 2):
        held = collect(faces, table, skip=skip)
        read = collect(stored, table, skip=skip)
        for ours, theirs in zip(read, held, strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])
            np.testing.assert_array_equal(ours[1], theirs[1])
    for ours, theirs in zip(
        input_pipeline.image_batches(stored, image_size=64, batch_size=8),
        input_pipeline.image_batches(faces, image_size=64, batch_size=8),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_pictures_in_files_are_read_as_batches_are_asked_for(stored):
    reads = []

    class Counted(StoredPictures):
        def __getitem__(self, index):
            reads.append(index)
            return super().__getitem__(index)

    images = stored.images.take(np.arange(4000) % 26)
    many = LabeledFaces(
        Counted(images.paths, images.stamps, images.places),
        stored.labels[np.arange(4000) % 26],
        ("",) * 4000,
        CLASSES,
    )
    table = draw(many)
    batches = input_pipeline.train_batches(
        many, table, settings=TURNED, batch_size=8
    )
    next(iter(batches))
    assert reads and len(reads) < 2000


def test_a_resumed_epoch_is_recoloured_and_erased_as_before(faces):
    settings = augment.ViewSettings(100, 90, 10.0, 0.1, 0.2, 0.1, 0.5)
    table = draw(faces, settings=settings)
    whole = collect(faces, table)
    (rest,) = collect(faces, table, skip=2)
    np.testing.assert_array_equal(rest[0], whole[2][0])
    plain = collect(faces, draw(faces))
    assert (rest[0] != plain[2][0]).mean() > 0.9


def test_batches_are_the_tables_faces(faces):
    table = draw(faces, settings=STILL)
    images, labels = collect(faces, table)[1]
    for position in range(8):
        row = 8 + position
        index = table.indices[row]
        assert labels[position] == faces.labels[index]
        picture = Image.open(io.BytesIO(faces.images[index]))
        top, left = int(table.views.top[row]), int(table.views.left[row])
        crop = np.asarray(picture)[top : top + 90, left : left + 90]
        if table.views.mirror[row]:
            crop = crop[:, ::-1]
        # Two JPEG decoders round differently.
        difference = np.abs(images[position] - crop)
        assert difference.max() <= 6 and difference.mean() < 1.5


@pytest.mark.parametrize("change", [{"seed": 1}, {"epoch": 1}])
def test_seed_and_epoch_change_order_and_views(faces, change):
    before, after = draw(faces), draw(faces, **change)
    assert (before.indices != after.indices).any()
    assert (before.views.top != after.views.top).any()


def test_an_epoch_without_balance_shows_each_face_once(faces):
    assert sorted(draw(faces).indices) == list(range(26))


@pytest.mark.parametrize("balance, share", [(0.5, 0.25), (1.0, 0.5)])
def test_balance_draws_rare_classes_more_often(balance, share):
    labels = np.array([0] * 900 + [1] * 100)
    table = input_pipeline.draw_epoch(
        labels, seed=0, epoch=0, class_balance=balance, settings=STILL
    )
    assert len(table.indices) == 1000
    assert (labels[table.indices] == 1).mean() == pytest.approx(
        share, abs=0.002
    )
    # Without repetition where a class has more faces than it needs.
    common = table.indices[labels[table.indices] == 0]
    assert len(set(common)) == len(common)


def test_images_keep_their_order_and_the_last_batch_is_whole(faces):
    batches = input_pipeline.image_batches(faces, image_size=100, batch_size=8)
    sizes = [len(batch) for batch in batches]
    assert sizes == [8, 8, 8, 2]
    images = np.concatenate([np.array(batch) for batch in batches])
    assert images.dtype == np.uint8
    picture = np.asarray(Image.open(io.BytesIO(faces.images[17])))
    difference = images[17].astype(int) - picture
    assert np.abs(difference).max() <= 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_grey_pictures_of_another_size_become_rgb_of_this_size(kind):
    ramp = np.tile(np.linspace(0, 255, 48), (48, 1)).astype("uint8")
    encoded = encode(Image.fromarray(ramp), kind)
    faces = LabeledFaces((encoded,), np.zeros(1, "int32"), ("a",), CLASSES)
    (images,) = input_pipeline.image_batches(faces, image_size=64, batch_size=4)
    images = np.array(images)
    assert images.shape == (1, 64, 64, 3)
    np.testing.assert_array_equal(images[..., 0], images[..., 2])
    assert images[0, 30, 0, 0] < 10 and images[0, 30, -1, 0] > 245


def test_no_tuning_thread_is_left_to_wait_for(faces):
    table = draw(faces)
    views = input_pipeline.train_batches(
        faces, table, settings=TURNED, batch_size=8
    )
    images = input_pipeline.image_batches(faces, image_size=100, batch_size=8)
    for dataset in (views, images):
        assert dataset.options().autotune.enabled is False
