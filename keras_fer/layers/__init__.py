"""The layers of the paper, written in `keras` and `keras.ops`."""

from keras_fer.layers.batch_normalization import FusedBatchNormalization
from keras_fer.layers.channel_attention import ChannelAttention
from keras_fer.layers.image_normalization import ImageNormalization
from keras_fer.layers.importance_logits import BottleneckLogits
from keras_fer.layers.importance_logits import ProjectionLogits
from keras_fer.layers.lip_pooling import LIPPooling2D
from keras_fer.layers.lip_pooling import lip_pool

__all__ = [
    "BottleneckLogits",
    "ChannelAttention",
    "FusedBatchNormalization",
    "ImageNormalization",
    "LIPPooling2D",
    "ProjectionLogits",
    "lip_pool",
]
