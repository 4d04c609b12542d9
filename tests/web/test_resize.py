import numpy as np
import pytest
from PIL import Image

from drawn import drawn_faces
from javascript import call
from keras_fer.errors import DataError
from keras_fer.face_image import read_face

pytestmark = pytest.mark.browser
CONTRACT = {"imageSize": 40, "viewSize": 32}


@pytest.mark.parametrize("content", ["face", "noise"])
@pytest.mark.parametrize(
    "shape", [(100, 100), (77, 131), (24, 17), (40, 40), (90, 33), (641, 480)]
)
def test_a_whole_picture_is_resized_to_the_bit_as_python_does(content, shape):
    height, width = shape
    if content == "face":
        (face,) = drawn_faces(1, size=150)
        picture = Image.fromarray(face.astype("uint8")).resize((width, height))
    else:
        rng = np.random.default_rng(0)
        noise = rng.integers(0, 2, (height, width, 3), np.uint8) * 255
        picture = Image.fromarray(noise)
    resized = picture.resize((40, 40), Image.Resampling.BILINEAR)
    pixels = {
        "data": np.asarray(picture.convert("RGBA")).tobytes(),
        "width": width,
        "height": height,
    }
    view = call("resize.js", "resizedView", pixels, CONTRACT)
    view = np.reshape(view, (32, 32, 4))
    assert (view[..., 3] == 255).all()
    apart = view[..., :3] - np.asarray(resized, int)[4:36, 4:36]
    # Of what is taller than wide, Pillow 13 takes the rows first.
    assert np.abs(apart).max() <= (height > width)


@pytest.mark.parametrize(
    "size",
    [(1, 1), (31, 40), (32, 32), (32, 64), (32, 65), (200, 99), (99, 40)],
)
def test_a_size_that_python_refuses_is_refused_alike(size):
    problem = call("resize.js", "problemOfCrop", *size, CONTRACT)
    picture = Image.new("RGB", size)
    if problem is None:
        read_face(picture, CONTRACT["imageSize"])  # does not raise
        return
    with pytest.raises(DataError) as refused:
        read_face(picture, CONTRACT["imageSize"])
    assert str(refused.value).replace("The picture is", "It is") == problem
