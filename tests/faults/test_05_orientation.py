"""Row 5: the same face upright, whatever its EXIF orientation."""

import numpy as np
from PIL import Image

ORIENTATION = 0x0112
# How a face is stored so that a viewer who obeys the tag shows it upright.
STORED = {
    1: lambda face: face,
    2: lambda face: face[:, ::-1],
    3: lambda face: face[::-1, ::-1],
    4: lambda face: face[::-1],
    5: lambda face: face.transpose(1, 0, 2),
    6: lambda face: np.rot90(face),
    7: lambda face: np.rot90(face, 2).transpose(1, 0, 2),
    8: lambda face: np.rot90(face, -1),
}


def store(source, target, orientation, kind):
    with Image.open(source) as image:
        face = np.asarray(image.convert("RGB"))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = np.ascontiguousarray(STORED[orientation](face))
    Image.fromarray(stored).save(target, kind, exif=exif)


def test_eight_tagged_copies_get_one_answer(
    pictures, tmp_path, commands, model_files
):
    source = pictures / "test_00001_aligned.jpg"
    paths = [tmp_path / f"{number}.png" for number in STORED]
    for number, path in zip(STORED, paths, strict=True):
        store(source, path, number, "PNG")
    status, out, _ = commands.keras_fer(
        *("classify", *paths, "--csv"),
        *("--model", model_files / "model.tflite"),
    )
    assert status == 0
    answers = {line.partition(",")[2] for line in out.splitlines()[1:]}
    assert len(answers) == 1


def test_training_takes_upright_pictures_alone(faces, pictures, commands):
    """TensorFlow's decoder does not look at the tag."""
    words = []
    for number in range(2, 9):
        path = pictures / f"train_{number:05}_aligned.jpg"
        store(path, path, number, "JPEG")
        words.append(f"{path} is stored turned (EXIF orientation {number})")
    commands.refuse(faces, *words, "7 of 84 pictures")


def test_a_tag_that_says_upright_is_no_fault(faces, pictures, commands):
    path = pictures / "train_00001_aligned.jpg"
    store(path, path, 1, "JPEG")
    assert commands.check_data(faces)[0] == 0
