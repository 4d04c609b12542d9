"""Views of images: geometry and colour only, image in, image out.

Everything random about a training view comes from outside, as one row of the
epoch's table (`draw_views`), so that a view is a function of (seed, epoch,
index) on any backend.
"""

import dataclasses

import keras
import numpy as np


@dataclasses.dataclass(frozen=True)
class ViewTable:
    """How each image of an epoch is seen; one entry an image.

    Attributes:
        top, left: float32 `(num_images,)`, the crop's corner in pixels.
        mirror: bool `(num_images,)`.
        angle: float32 `(num_images,)`, degrees, anticlockwise.
    """

    top: np.ndarray
    left: np.ndarray
    mirror: np.ndarray
    angle: np.ndarray

    def transforms(self, size):
        """The table as projective transforms, float32 `(num_images, 8)`.

        A row `a0..a7` maps a pixel (x, y) of the view to the pixel
        `(a0 x + a1 y + a2, a3 x + a4 y + a5)` of the image: mirror and
        rotate about the view's centre, then shift by the crop's corner.

        Args:
            size: side of the view, in pixels.
        """
        radians = np.deg2rad(self.angle.astype("float64"))
        cosine, sine = np.cos(radians), np.sin(radians)
        sign = np.where(self.mirror, -1.0, 1.0)
        centre = (size - 1) / 2.0
        a0, a1 = sign * cosine, -sine
        a3, a4 = sign * sine, cosine
        zero = np.zeros_like(a0)
        a2 = self.left + centre - (a0 + a1) * centre
        a5 = self.top + centre - (a3 + a4) * centre
        rows = (a0, a1, a2, a3, a4, a5, zero, zero)
        return np.stack(rows, axis=-1).astype("float32")


def draw_views(rng, num_images, image_size, crop_size, max_angle=0.0):
    """Draws random crops, mirrors and rotations, as the paper names them.

    Args:
        rng: a `numpy.random.Generator`.
        num_images: how many images the epoch has.
        image_size: side of the images, in pixels.
        crop_size: side of the view, in pixels, at most `image_size`.
        max_angle: rotations are uniform in plus or minus so many degrees.

    Returns:
        A `ViewTable`.
    """
    _check_crop(image_size, image_size, crop_size)
    # One array a column, always all of them: a setting of one column then
    # leaves the others' draws as they were.
    room = image_size - crop_size + 1
    return ViewTable(
        top=rng.integers(0, room, num_images).astype("float32"),
        left=rng.integers(0, room, num_images).astype("float32"),
        mirror=rng.random(num_images) < 0.5,
        angle=rng.uniform(-max_angle, max_angle, num_images).astype("float32"),
    )


def train_view(images, transforms, size):
    """Random crop, mirror and rotation in one resampling.

    Bilinear; beyond the border the image is mirrored. A transform without
    rotation copies pixels exactly.

    Args:
        images: `(batch, height, width, 3)`, RGB, values 0..255.
        transforms: float32 `(batch, 8)` from `ViewTable.transforms`.
        size: side of the view, in pixels, at most height and width.

    Returns:
        float32 `(batch, size, size, 3)`.
    """
    images = keras.ops.cast(images, "float32")
    views = keras.ops.image.affine_transform(
        images, transforms, interpolation="bilinear", fill_mode="reflect"
    )
    return views[:, :size, :size, :]


def eval_view(images, size):
    """The centre crop.

    Args:
        images: `(batch, height, width, 3)`, RGB, values 0..255.
        size: side of the view, in pixels, at most height and width.

    Returns:
        float32 `(batch, size, size, 3)`.
    """
    height, width = images.shape[1:3]
    _check_crop(height, width, size)
    return _crop(images, (height - size) // 2, (width - size) // 2, size)


def ten_crop(images, size):
    """The paper's test views: four corners and the centre, and mirrored.

    Args:
        images: `(batch, height, width, 3)`, RGB, values 0..255.
        size: side of the views, in pixels, at most height and width.

    Returns:
        float32 `(batch, 10, size, size, 3)`: top left, top right, bottom
        left, bottom right, centre, then the same five mirrored.

    Reference:
        Krizhevsky, Sutskever and Hinton, 2012, section 4.1.
    """
    height, width = images.shape[1:3]
    _check_crop(height, width, size)
    bottom, right = height - size, width - size
    corners = ((0, 0), (0, right), (bottom, 0), (bottom, right))
    views = [_crop(images, top, left, size) for top, left in corners]
    views.append(eval_view(images, size))
    views.extend([keras.ops.flip(view, axis=2) for view in views])
    return keras.ops.stack(views, axis=1)


def _crop(images, top, left, size):
    crop = images[:, top : top + size, left : left + size, :]
    return keras.ops.cast(crop, "float32")


def _check_crop(height, width, size):
    if size > height or size > width:
        raise ValueError(
            f"A crop of {size}x{size} pixels does not fit into images of "
            f"{height}x{width}. Resize the images first, or choose a smaller "
            "crop."
        )
