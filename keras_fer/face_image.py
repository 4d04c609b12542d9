"""Any picture of a face to RGB 0..255: Pillow and NumPy alone."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image
from PIL import ImageOps

from keras_fer.datasets.picture_checks import MAX_PIXELS
from keras_fer.datasets.picture_checks import MIN_SIDE
from keras_fer.datasets.picture_checks import PNG_END
from keras_fer.datasets.picture_checks import decoder_fault
from keras_fer.datasets.picture_checks import recognize
from keras_fer.errors import DataError

FORMATS = ("JPEG", "PNG", "WEBP")
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def read_face(source, image_size):
    """One face, as the network's training saw it.

    Files are turned as their EXIF tag says. Grey becomes three equal
    channels, 16 bits become 8 (divided by 257), transparency is laid over
    white, palettes and CMYK are converted by Pillow. Whatever is not
    `image_size` square is resized with Pillow's BILINEAR, whose triangle
    filter widens with the scale (antialiased).

    Args:
        source: path of a JPEG, PNG or WebP file, a `PIL.Image.Image`, or an
            array `(height, width, 3)` or `(height, width)`, uint8 or float,
            0..255: a face, cropped.
        image_size: side of the result, in pixels.

    Returns:
        `(image_size, image_size, 3)`, RGB 0..255: uint8, or float32 for an
        array of floats.

    Raises:
        DataError: for a file that cannot be decoded, or a size that no face
            crop has.
        ValueError: for an array that is no image of 0..255.
        TypeError: for anything else.
    """
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        image = read_picture(name)
    elif isinstance(source, Image.Image):
        name = "The picture"
        image = to_rgb(source)
    elif isinstance(source, np.ndarray):
        name = "The array"
        image = _check_array(source)
    else:
        raise TypeError(
            "A face is a path, a PIL image or a NumPy array. Received: "
            f"{type(source).__name__}"
        )
    width, height = (
        image.size if isinstance(image, Image.Image) else image.shape[1::-1]
    )
    short, long = sorted((width, height))
    if short < MIN_SIDE or long > 2 * short:
        raise DataError(
            f"{name} is {width}x{height} pixels. Expected: a face crop, "
            f"at least {MIN_SIDE} pixels a side and at most twice as long as "
            f"wide; it is resized to {image_size}x{image_size}."
        )
    return _resize(image, image_size)


def to_rgb(image):
    """An upright RGB picture of 8 bits; see `read_face`.

    Args:
        image: `PIL.Image.Image` of any mode but "F".

    Returns:
        `PIL.Image.Image` of mode "RGB".
    """
    image = ImageOps.exif_transpose(image)
    if image.mode in _SIXTEEN_BITS:
        levels = np.rint(np.asarray(image, np.float32) / 257)
        image = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    if image.mode == "F":
        raise DataError(
            "The picture holds floats of unknown range. Convert it to 8 bits."
        )
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def read_picture(path):
    """A picture of any size, decoded whole, upright, in RGB of 8 bits.

    See `read_face` for the conversions. Of an animation, its first picture.

    Args:
        path: of a JPEG, PNG or WebP file.

    Returns:
        `PIL.Image.Image` of mode "RGB".

    Raises:
        DataError: for a file that cannot be decoded, or whose head claims
            more than `MAX_PIXELS`; such a one is not decoded.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of 90 million pixels, which nobody gets to see.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            content = Path(path).read_bytes()
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                width, height = image.size
                if image.format == "PNG" and PNG_END not in content:
                    raise ValueError("it has no end")  # Pillow needs none
                if width * height > MAX_PIXELS:
                    raise DataError(
                        f"{path} claims {width}x{height} pixels; at most "
                        f"{MAX_PIXELS:,} are read. Make it smaller first."
                    )
                return to_rgb(image)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"There is no picture {path}.") from None
    except IsADirectoryError:
        raise DataError(
            f"{path} is a folder. Expected: a picture. Give the pictures in "
            "it, or the folder to the command: keras-fer classify FOLDER."
        ) from None
    except (
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise DataError(
            f"{path} claims more than the {MAX_PIXELS:,} pixels that are read "
            f"({error}). Make it smaller first."
        ) from error
    except Exception as error:  # a damaged file makes decoders raise anything
        if isinstance(error, OSError) and error.errno:  # of the file system
            raise DataError(
                f"{path} cannot be read ({error.strerror})."
            ) from error
        kind = recognize(content)
        hint = f"Expected: a whole {', '.join(FORMATS)} file."
        if kind not in ("unknown", "JPEG", "PNG", "WebP"):
            hint += f" It looks like {kind}: convert it to JPEG."
            if kind in ("HEIC", "AVIF"):
                hint += " heif-convert PICTURE PICTURE.jpg (of libheif) does."
        reason = decoder_fault(error, kind)
        raise DataError(
            f"{path} cannot be decoded ({reason}). {hint}"
        ) from None


def _check_array(array):
    is_float = np.issubdtype(array.dtype, np.floating)
    if array.dtype != np.uint8 and not is_float:
        raise ValueError(
            f"Arrays are uint8 or float, 0..255. Received: {array.dtype}"
        )
    if array.ndim == 2:
        array = np.stack([array] * 3, axis=-1)
    if array.ndim != 3 or array.shape[-1] != 3 or not array.size:
        raise ValueError(
            "Arrays are (height, width, 3), RGB, or (height, width), grey. "
            f"Received: {array.shape}"
        )
    if not is_float:
        return array
    array = array.astype(np.float32)
    lowest, highest = float(array.min()), float(array.max())
    # Resampling may end a rounding error beyond the range; NaN fails both.
    if not (lowest >= -1e-3 and highest <= 255 + 1e-3):
        raise ValueError(
            "Arrays hold RGB values in 0..255. Received values from "
            f"{lowest:g} to {highest:g}."
        )
    if 0 < highest <= 1:
        warnings.warn(
            f"The array's largest value is {highest:g}: it looks scaled to "
            "0..1, and the model takes RGB 0..255. Multiply it by 255.",
            stacklevel=4,
        )
    return array


def _resize(image, size):
    shape = (size, size)
    if not isinstance(image, np.ndarray):
        if image.size != shape:
            image = image.resize(shape, Image.Resampling.BILINEAR)
        return np.asarray(image)
    if image.shape[:2] == shape:
        return image
    if image.dtype == np.uint8:
        return _resize(Image.fromarray(image), size)
    channels = [  # Pillow has no image of three floats
        Image.fromarray(np.ascontiguousarray(image[..., channel]))
        for channel in range(3)
    ]
    return np.stack([_resize(channel, size) for channel in channels], axis=-1)
