"""`keras-fer check-data`: what a recipe would say of a folder, all of it."""

import collections
import itertools

from keras_fer import markdown
from keras_fer.datasets import image_folder
from keras_fer.datasets import layouts
from keras_fer.datasets import leaks
from keras_fer.datasets.picture_source import NO_LABEL
from keras_fer.errors import DataError

_SHOWN = 20


def check_data(
    directory,
    data_set=None,
    *,
    variant="basic",
    expected_counts="official",
    say=print,
):
    """Looks for whatever would stop or spoil a training.

    Args:
        directory: the data set's folder.
        data_set: one of `layouts.DATA_SETS`; None tells by the layout.
        variant: of RAF-DB.
        expected_counts: "official" or "any".
        say: called with each finding.

    Raises:
        DataError: at the end, if anything is wrong with the data.
    """
    name = data_set or layouts.recognize(directory)
    source = layouts.find_source(name, directory, variant)
    say(f"{source.directory}: {layouts.TITLES[name]}, {source.layout}")
    say(count_table(source))
    say("Decoding every picture ...")
    faults = _check(name, source, expected_counts)
    if faults and _check(name, source, "any"):
        faults += ("Copies were not looked for: mend these pictures first.",)
        raise DataError("\n\n".join(faults))
    if _look_for_copies(image_folder.load_source(source), say):
        faults += (
            "Some pictures are in two parts; they are named above. Recipes "
            "stop at them, unless told --on-leak drop or --on-leak keep.",
        )
    if faults:
        raise DataError("\n\n".join(faults))
    say("Nothing is wrong with this data.")


def count_table(source):
    """Pictures by class and split, as Markdown.

    Args:
        source: `PictureSource`.
    """
    counts = collections.Counter((r.label, r.split) for r in source.records)
    rows = list(enumerate(source.class_names))
    if any(label == NO_LABEL for label, _ in counts):
        rows.append((NO_LABEL, "(label not given out)"))
    table = [
        [name, *(f"{counts[label, split]:,}" for split in source.splits)]
        for label, name in rows
    ]
    totals = layouts.count_splits(source)
    table.append(["all", *(f"{number:,}" for number in totals.values())])
    return markdown.table(["class", *source.splits], table)


def _check(name, source, expected_counts):
    """The faults of each kind. Wrong counts do not hide broken pictures."""
    faults = {}
    for expected in dict.fromkeys((expected_counts, "any")):
        try:
            layouts.check_source(name, source, expected)
        except DataError as error:
            faults[str(error)] = None
    return tuple(faults)


def _look_for_copies(parts, say):
    """Says which pictures are there twice; whether any is in two parts."""
    leaked = False
    labels = []
    for first, second in itertools.combinations(parts, 2):
        say(f"Looking for {second} pictures among the {first} pictures ...")
        found = leaks.find_duplicates(parts[first], parts[second])
        _report(f"in {first} and {second}", found, parts, first, second, say)
        labels += _contradictions(found, parts[first], parts[second])
        leaked |= bool(found)
    for split, faces in parts.items():
        found = leaks.find_duplicates(faces, second_crops=False)
        _report(f"twice in {split}", found, parts, split, split, say)
        labels += _contradictions(found, faces, faces)
    if labels:
        say(f"{len(labels)} pairs show the same picture under two labels:")
        _list(labels, say)
    return leaked


def _report(where, found, parts, first, second, say):
    kinds = collections.Counter(pair.kind for pair in found)
    text = ", ".join(f"{kinds[kind]} {kind}" for kind in leaks.KINDS)
    say(f"The same picture {where}: {len(found)} pairs ({text})")
    _list(
        [
            f"{parts[first].names[pair.first]} and "
            f"{parts[second].names[pair.second]} ({pair.kind})"
            for pair in found
        ],
        say,
    )


def _contradictions(found, first, second):
    lines = []
    for pair in found:
        ours, theirs = first.labels[pair.first], second.labels[pair.second]
        if ours != theirs and NO_LABEL not in (ours, theirs):
            lines.append(
                f"{first.names[pair.first]} ({first.class_names[ours]}) and "
                f"{second.names[pair.second]} ({second.class_names[theirs]})"
            )
    return lines


def _list(lines, say):
    for line in lines[:_SHOWN]:
        say(f"  {line}")
    if len(lines) > _SHOWN:
        say(f"  and {len(lines) - _SHOWN} more")
