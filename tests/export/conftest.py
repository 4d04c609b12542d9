"""A small trained network and its export, made once for all export tests."""

import json
import zipfile

import numpy as np
import pytest

IMAGE_SIZE, VIEW_SIZE = 52, 48


@pytest.fixture(scope="session")
def faces(tmp_path_factory):
    """{"train", "test"} -> `LabeledFaces`, drawn."""
    from keras_fer.datasets.drawn_faces import write_drawn_faces
    from keras_fer.datasets.labeled_faces import LabeledFaces
    from keras_fer.datasets.raf_db_source import find_source

    directory = tmp_path_factory.mktemp("export") / "faces"
    source = find_source(
        write_drawn_faces(directory, num_train=70, num_test=35), "basic"
    )
    parts = {"train": [], "test": []}
    for record, content in source.read_all():
        parts[record.split].append((content, record.label, record.name))
    return {
        name: LabeledFaces(
            images=tuple(content for content, _, _ in rows),
            labels=np.array([label for _, label, _ in rows], "int32"),
            names=tuple(name for _, _, name in rows),
            class_names=source.class_names,
        )
        for name, rows in parts.items()
    }


@pytest.fixture(scope="session")
def train_images(faces):
    from keras_fer.export import decode

    return decode(faces["train"], IMAGE_SIZE)


@pytest.fixture(scope="session")
def test_images(faces):
    from keras_fer.export import decode

    return decode(faces["test"], IMAGE_SIZE)


@pytest.fixture(scope="session")
def model(train_images, test_images):
    """An eighth of the width, which knows every drawn face by heart.

    The test faces too: what is tested here is the export, which needs a
    network that is right about the faces that judge it.
    """
    import keras

    import keras_fer

    keras.utils.set_random_seed(0)
    model = keras_fer.build_model(
        input_shape=(VIEW_SIZE, VIEW_SIZE, 3), width=0.125, dropout=0.0
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.8  # 70 steps are too few for 0.99
    model.compile(
        keras.optimizers.Adam(3e-3),
        "sparse_categorical_crossentropy",
        jit_compile=False,  # compiling would take longer than training
    )
    parts = (train_images, test_images)
    views = np.concatenate([part.views(VIEW_SIZE) for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    model.fit(views, labels, batch_size=35, epochs=24, verbose=0)
    return model


@pytest.fixture(scope="session")
def good(model, faces, test_images, tmp_path_factory):
    """(directory, report) of an export of every format."""
    from keras_fer import export

    directory = tmp_path_factory.mktemp("good") / "export"
    report = export.export_model(
        model,
        directory,
        calibration=export.calibration_sample(
            faces["train"], IMAGE_SIZE, num_images=40
        ),
        held_back=test_images,
        min_images=1,
        rounds=2,
        context={"title": "drawn"},
    )
    return directory, report


@pytest.fixture(scope="session")
def contents(good):
    """Format -> the bare graph of its file, without our description."""
    from keras_fer.export import tflite

    graphs = {}
    for name in tflite.FORMATS:
        path = good[0] / f"model.{name}.tflite"
        with zipfile.ZipFile(path) as archive:
            described = json.loads(archive.read("keras_fer.json"))
        graphs[name] = path.read_bytes()[: described["graph_bytes"]]
    return graphs


@pytest.fixture(scope="session")
def exported(good):
    """Path of an int8 file as `export_model` leaves it."""
    return good[0] / "model.int8.tflite"
