"""Views of images: geometry and colour only, image in, image out.

Everything random about a training view comes from outside, as one row of the
epoch's table (`draw_views`), so that a view is a function of (seed, epoch,
index) on any backend.
"""

import dataclasses

import keras
import numpy as np

# Random erasing: the rectangle's share of the view, and height over width.
ERASED_AREA = (0.02, 0.2)
ERASED_ASPECT = (0.3, 1 / 0.3)


@dataclasses.dataclass(frozen=True)
class ViewSettings:
    """What training views are drawn from; evaluation sees centre crops.

    Attributes:
        image_size: every image is resized to this side first, in pixels.
        crop_size: side of the views, in pixels, at most `image_size`.
        max_angle: rotations are uniform in plus or minus so many degrees.
        max_zoom: 0.1 shows faces at 0.9 to 1.1 times their size.
        max_contrast: 0.2 multiplies what a pixel is off the view's mean by
            0.8 to 1.2.
        max_brightness: 0.1 adds -0.1 to 0.1 of the full range of 255.
        erase_probability: share of the views in which a rectangle of 2 to
            20 % of the area is filled with the view's mean colour.

    Reference:
        Zhong et al., "Random erasing data augmentation", 2020.
    """

    image_size: int
    crop_size: int
    max_angle: float = 0.0
    max_zoom: float = 0.0
    max_contrast: float = 0.0
    max_brightness: float = 0.0
    erase_probability: float = 0.0

    def __post_init__(self):
        _check_crop(self.image_size, self.image_size, self.crop_size)


@dataclasses.dataclass(frozen=True)
class ViewTable:
    """How each image of an epoch is seen; one entry an image.

    Attributes:
        top, left: float32 `(num_images,)`, the crop's corner in pixels.
        mirror: bool `(num_images,)`.
        angle: float32 `(num_images,)`, degrees, anticlockwise.
        zoom: float32 `(num_images,)`; 2 shows the centre at twice its size.
        contrast: float32 `(num_images,)`, a factor about the view's mean.
        brightness: float32 `(num_images,)`, what is added, of 255.
        erase_top, erase_left, erase_height, erase_width: float32
            `(num_images,)`, the filled rectangle, as shares of the view's
            side; of height 0 where nothing is filled.
    """

    top: np.ndarray
    left: np.ndarray
    mirror: np.ndarray
    angle: np.ndarray
    zoom: np.ndarray
    contrast: np.ndarray
    brightness: np.ndarray
    erase_top: np.ndarray
    erase_left: np.ndarray
    erase_height: np.ndarray
    erase_width: np.ndarray

    def transforms(self, size):
        """The table as projective transforms, float32 `(num_images, 8)`.

        A row `a0..a7` maps a pixel (x, y) of the view to the pixel
        `(a0 x + a1 y + a2, a3 x + a4 y + a5)` of the image: mirror, rotate
        and zoom about the view's centre, then shift by the crop's corner.

        Args:
            size: side of the view, in pixels.
        """
        radians = np.deg2rad(self.angle.astype("float64"))
        cosine, sine = np.cos(radians), np.sin(radians)
        sign = np.where(self.mirror, -1.0, 1.0)
        scale = 1 / self.zoom.astype("float64")
        centre = (size - 1) / 2.0
        a0, a1 = sign * cosine * scale, -sine * scale
        a3, a4 = sign * sine * scale, cosine * scale
        zero = np.zeros_like(a0)
        a2 = self.left + centre - (a0 + a1) * centre
        a5 = self.top + centre - (a3 + a4) * centre
        rows = (a0, a1, a2, a3, a4, a5, zero, zero)
        return np.stack(rows, axis=-1).astype("float32")

    def colours(self):
        """Factor about the mean and shift in 0..255: `(num_images, 2)`.

        None where every view keeps its colours.
        """
        if (self.contrast == 1).all() and not self.brightness.any():
            return None
        return np.stack((self.contrast, 255 * self.brightness), axis=-1)

    def boxes(self, size):
        """Top, left, bottom, right of what is filled: `(num_images, 4)`.

        In pixels, bottom and right excluded. None where no view has any.

        Args:
            size: side of the view, in pixels.
        """
        if not self.erase_height.any():
            return None
        top, left = self.erase_top, self.erase_left
        bottom, right = top + self.erase_height, left + self.erase_width
        edges = np.stack((top, left, bottom, right), axis=-1)
        return np.round(size * edges).astype("float32")


def draw_views(rng, num_images, settings):
    """Draws random views: the paper's crops, mirrors, rotations, and more.

    Args:
        rng: a `numpy.random.Generator`.
        num_images: how many images the epoch has.
        settings: `ViewSettings`.

    Returns:
        A `ViewTable`.
    """

    def uniform(low, high):
        return rng.uniform(low, high, num_images).astype("float32")

    # One array a column, always all of them, new ones at the end: a setting
    # of one column then leaves the others' draws as they were.
    room = settings.image_size - settings.crop_size + 1
    columns = {
        "top": rng.integers(0, room, num_images).astype("float32"),
        "left": rng.integers(0, room, num_images).astype("float32"),
        "mirror": rng.random(num_images) < 0.5,
        "angle": uniform(-settings.max_angle, settings.max_angle),
        "zoom": uniform(1 - settings.max_zoom, 1 + settings.max_zoom),
        "contrast": uniform(
            1 - settings.max_contrast, 1 + settings.max_contrast
        ),
        "brightness": uniform(
            -settings.max_brightness, settings.max_brightness
        ),
    }
    erased = rng.random(num_images) < settings.erase_probability
    area = uniform(*ERASED_AREA)
    aspect = np.exp(uniform(*np.log(ERASED_ASPECT)))
    height, width = np.sqrt(area * aspect), np.sqrt(area / aspect)
    return ViewTable(
        **columns,
        erase_top=uniform(0, 1) * (1 - height),
        erase_left=uniform(0, 1) * (1 - width),
        erase_height=height * erased,
        erase_width=width,
    )


def train_view(images, transforms, size, colours=None, boxes=None):
    """Geometry in one resampling, then colours, then the filled rectangle.

    Bilinear; beyond the border the image is mirrored. A transform without
    rotation and zoom copies pixels exactly.

    Args:
        images: `(batch, height, width, 3)`, RGB, values 0..255.
        transforms: float32 `(batch, 8)` from `ViewTable.transforms`.
        size: side of the view, in pixels, at most height and width.
        colours: float32 `(batch, 2)` from `ViewTable.colours`, or None.
        boxes: float32 `(batch, 4)` from `ViewTable.boxes`, or None.

    Returns:
        float32 `(batch, size, size, 3)`, values 0..255.
    """
    images = keras.ops.cast(images, "float32")
    views = keras.ops.image.affine_transform(
        images, transforms, interpolation="bilinear", fill_mode="reflect"
    )
    views = views[:, :size, :size, :]
    if colours is not None:
        contrast, shift = (colours[:, n, None, None, None] for n in (0, 1))
        mean = keras.ops.mean(views, axis=(1, 2, 3), keepdims=True)
        views = contrast * (views - mean) + mean + shift
        views = keras.ops.clip(views, 0.0, 255.0)
    if boxes is not None:
        top, left, bottom, right = (boxes[:, n, None] for n in range(4))
        places = keras.ops.arange(size, dtype="float32")[None]
        in_rows = keras.ops.logical_and(places >= top, places < bottom)
        in_columns = keras.ops.logical_and(places >= left, places < right)
        inside = keras.ops.logical_and(
            in_rows[:, :, None], in_columns[:, None, :]
        )
        mean = keras.ops.mean(views, axis=(1, 2), keepdims=True)
        views = keras.ops.where(inside[..., None], mean, views)
    return views


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
