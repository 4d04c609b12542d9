"""The seven basic expressions, in the one order that everything uses."""

CLASSES = (
    "surprise",
    "fear",
    "disgust",
    "happiness",
    "sadness",
    "anger",
    "neutral",
)
