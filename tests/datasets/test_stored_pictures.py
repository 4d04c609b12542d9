"""Pictures in their files are a sequence of bytes like those in memory."""

import os

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_fer.datasets import image_folder
from keras_fer.datasets import labeled_faces
from keras_fer.datasets import prepared
from keras_fer.datasets import raf_db
from keras_fer.datasets import stored_pictures
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.datasets.raf_db_source import find_source
from keras_fer.datasets.stored_pictures import StoredPictures
from keras_fer.errors import DataError

CONTENTS = (b"one\0", b"\0two", b"three" * 400)


@pytest.fixture
def stored(tmp_path):
    paths = [tmp_path / str(number) for number in range(len(CONTENTS))]
    for path, content in zip(paths, CONTENTS, strict=True):
        path.write_bytes(content)
    return StoredPictures.whole(paths)


@pytest.fixture
def none_in_memory(monkeypatch):
    monkeypatch.setattr(stored_pictures, "MAX_BYTES_IN_MEMORY", 0)


def same(ours, theirs):
    """Whether two parts hold the same faces in the same order."""
    np.testing.assert_array_equal(ours.labels, theirs.labels)
    return (
        tuple(ours.images) == tuple(theirs.images)
        and ours.names == theirs.names
        and ours.class_names == theirs.class_names
    )


def test_they_are_a_sequence_like_the_tuple(stored):
    assert tuple(stored) == CONTENTS
    assert stored[np.int64(1)] == CONTENTS[1] and stored[-1] == CONTENTS[-1]
    assert tuple(stored[1:]) == CONTENTS[1:]
    assert tuple(stored.take([2, 0, 2])) == (
        *(CONTENTS[2], CONTENTS[0], CONTENTS[2]),
    )
    assert tuple(stored + stored.take([1])) == (*CONTENTS, CONTENTS[1])
    assert stored.num_bytes == sum(map(len, CONTENTS))
    with pytest.raises(IndexError):
        stored[3]


def test_a_file_that_changed_is_named(stored):
    path = stored.paths[2]
    found = os.stat(path)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    assert stored[0] == CONTENTS[0]
    with pytest.raises(DataError, match=f"{path} changed"):
        stored[2]
    os.remove(path)
    with pytest.raises(DataError, match=f"{path} cannot be read any more"):
        stored[2]


def test_records_are_found_in_every_shard(tmp_path):
    paths = [str(tmp_path / f"shard{number}") for number in range(2)]
    for number, path in enumerate(paths):
        with tf.io.TFRecordWriter(path) as writer:
            for content in CONTENTS[number:]:
                features = {
                    "name": tf.train.Feature(
                        bytes_list=tf.train.BytesList(value=[content[:4]])
                    ),
                    "image": tf.train.Feature(
                        bytes_list=tf.train.BytesList(value=[content])
                    ),
                }
                example = tf.train.Example(
                    features=tf.train.Features(feature=features)
                )
                writer.write(example.SerializeToString())
    pictures, others = stored_pictures.index_records(paths)
    assert tuple(pictures) == CONTENTS + CONTENTS[1:]
    assert others[2] == {"name": b"thre"}


def test_prepared_shards_give_the_faces_that_memory_gives(
    tmp_path, none_in_memory, monkeypatch
):
    drawn = write_drawn_faces(tmp_path / "faces", num_train=21, num_test=14)
    source = find_source(drawn)
    # As TFDS writes a large set: in several files.
    cache = prepared.cache_directory(tmp_path / "cache")
    builder = raf_db.RafDb(
        config="basic",
        data_dir=str(cache / source.identity[:16]),
        file_format="tfrecord",
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=str(source.directory), num_shards=3
        )
    )
    assert len(builder.info.splits["train"].filepaths) == 3
    stored = raf_db.load_source(source, cache)
    monkeypatch.undo()
    held = raf_db.load_source(source, cache)
    contents = {record.name: content for record, content in source.read_all()}
    for split, faces in held.items():
        assert isinstance(faces.images, tuple)
        assert isinstance(stored[split].images, StoredPictures)
        assert same(stored[split], faces)
        assert faces.images == tuple(contents[name] for name in faces.names)
    both = labeled_faces.concatenate([stored["test"], stored["train"]])
    assert same(both.take([15, 3, 30]), held_both(held).take([15, 3, 30]))


def held_both(parts):
    return labeled_faces.concatenate([parts["test"], parts["train"]])


def test_damage_in_a_shard_is_prepared_anew(tmp_path, none_in_memory):
    drawn = write_drawn_faces(tmp_path / "faces", num_train=14, num_test=7)
    source = find_source(drawn)
    before = raf_db.load_source(source, tmp_path / "cache")
    path = before["train"].images.paths[0]
    start = int(before["train"].images.places[3, 1])
    with open(path, "rb+") as file:
        file.seek(start + 40)
        file.write(b"damage")
    after = raf_db.load_source(source, tmp_path / "cache")
    contents = {record.name: content for record, content in source.read_all()}
    for faces in after.values():
        assert tuple(faces.images) == tuple(
            contents[name] for name in faces.names
        )


def test_class_folders_stay_where_they_are(tmp_path, none_in_memory):
    for number, content in enumerate(CONTENTS):
        folder = tmp_path / ("a", "b")[number % 2]
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.jpg").write_bytes(content)
    faces = image_folder.load_source(image_folder.find_source(tmp_path))
    assert isinstance(faces["train"].images, StoredPictures)
    assert faces["train"].names == ("a/0.jpg", "a/2.jpg", "b/1.jpg")
    assert tuple(faces["train"].images) == (
        *(CONTENTS[0], CONTENTS[2], CONTENTS[1]),
    )
