"""What do ten views cost, beside one?

    python -m benchmarks.ten_crop

Times in turn the probabilities of some faces from their centre and from ten
crops, by Keras and by the exported network on LiteRT.
"""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import tyro

from benchmarks import tflite_latency
from benchmarks import training_step
from keras_fer import markdown
from keras_fer import runtime
from keras_fer import timing


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares one view with ten."""

    num_faces: int = 64
    batch_size: int = 32
    image_size: int = 100
    side: int = 90
    width: float = 1.0
    precision: str = "auto"
    model_format: str = "int8"
    """Of keras_fer.export.FORMATS."""
    rounds: int = 5


def main(config):
    runtime.tune_allocator()
    from keras_fer import evaluation
    from keras_fer.classifier import Classifier

    precision = runtime.choose_precision(config.precision)
    model = training_step.build(config.side, config.width, precision, "lip")
    tflite_latency.randomize(model)
    size = config.image_size
    faces = np.random.default_rng(0).integers(
        0, 256, (config.num_faces, size, size, 3), dtype=np.uint8
    )
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.tflite"
        tflite_latency.write_model(path, model, config.model_format, size)
        classifier = Classifier(path)
    keras_name = f"Keras, {precision}, batch {config.batch_size}"
    tflite_name = f"LiteRT, {config.model_format}, one thread"
    seconds = timing.in_turn(
        {
            (keras_name, "one"): lambda: evaluation.predict(
                model, faces, batch_size=config.batch_size
            ),
            (keras_name, "ten"): lambda: evaluation.predict_ten_crop(
                model, faces, batch_size=config.batch_size
            ),
            (tflite_name, "one"): lambda: classifier.predict(faces),
            (tflite_name, "ten"): lambda: classifier.predict(
                faces, ten_crop=True
            ),
        },
        config.rounds,
    )
    rows = []
    for name in (keras_name, tflite_name):
        one, ten = seconds[name, "one"], seconds[name, "ten"]
        rates = (config.num_faces / np.median(values) for values in (one, ten))
        cells = timing.ratio_cells(ten, one)
        rows.append([name, *(f"{rate:,.1f}" for rate in rates), *cells])
    header = ["faces judged by", "one view, faces/s", "ten-crop, faces/s"]
    print(markdown.table([*header, "ratio of times", "middle half"], rows))


if __name__ == "__main__":
    main(tyro.cli(Config))
