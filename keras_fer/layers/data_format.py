"""Where the channels of a feature map stand."""

import keras


def resolve_data_format(data_format):
    """The given data format, or the user's default for None.

    Raises:
        ValueError: for anything but "channels_last", "channels_first", None.
    """
    if data_format is None:
        return keras.config.image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            '`data_format` must be "channels_last" or "channels_first". '
            f"Received: data_format={data_format!r}"
        )
    return data_format


def to_channels_last(values, data_format):
    """`(batch, height, width, channels)`, from either format."""
    if data_format == "channels_last":
        return values
    return keras.ops.transpose(values, (0, 2, 3, 1))
