"""RAF-DB's label file: a picture's name and a class id on each line."""

from keras_fer.errors import raise_faults


def parse_label_file(text, path, num_classes):
    """Reads `NAME ID` lines; ids count from 1.

    A byte-order mark, other line ends, tabs and spaces around are harmless.

    Args:
        text: the file's content.
        path: the file, for messages.
        num_classes: the largest id.

    Returns:
        name -> label, counted from 0.

    Raises:
        DataError: naming file and line of every fault.
    """
    labels, lines, faults = {}, {}, []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        words = line.split()
        if not words:
            continue
        place = f"{path}:{number}"
        if len(words) != 2:
            faults.append(
                f"{place}: expected a file name and a label, found "
                f"{line.strip()!r}"
            )
            continue
        name, label = words
        if (
            not label.isascii()
            or not label.isdecimal()
            or not (1 <= int(label) <= num_classes)
        ):
            faults.append(
                f"{place}: label {label!r} of {name}; expected 1 to "
                f"{num_classes}"
            )
        elif labels.setdefault(name, int(label) - 1) != int(label) - 1:
            faults.append(
                f"{place}: {name} has label {label} here and "
                f"{labels[name] + 1} in line {lines[name]}"
            )
        lines.setdefault(name, number)
    if not labels and not faults:
        faults.append(f"{path} is empty; expected a line for each picture")
    raise_faults(faults, "Correct the label file.")
    return labels
