"""Train, validation and test parts with no picture on two sides."""

from keras_fer.datasets import exclusion
from keras_fer.datasets import found_copies
from keras_fer.datasets import leak_policy
from keras_fer.datasets import splits
from keras_fer.errors import DataError
from keras_fer.errors import UsageError

_MOST_WARNINGS = 20


def separate(
    train,
    test,
    *,
    on_leak="stop",
    validation_fraction=0.1,
    seed=0,
    seen=None,
    cache=None,
    exclude=None,
    say=None,
):
    """Looks for copies and cuts the validation part.

    Args:
        train, test: `LabeledFaces` as the data set has them.
        on_leak: what to do about test faces in `train`, see
            `leak_policy.apply_leak_policy`.
        validation_fraction: the share of `train` that is set aside.
        seed: of the choice.
        seen: `Fingerprints` of the pictures that given weights have learned
            from, see `leak_policy.apply_to_seen`.
        cache: where results are remembered, see `found_copies`.
        exclude: a list of pictures to leave out, see `exclusion`.
        say: called with how many copies were left out, and with a warning for
            each picture under two labels.

    Returns:
        ({"train", "validation", "test"} -> `LabeledFaces`, facts for a
        report: "leak_report", "two_labels" (how many pairs of copies have
        two), "excluded" (how many pictures, if there is a list) and
        "seen_report" (if there are any `seen`)).

    Raises:
        DataError: see `leak_policy` and `split_validation`.
    """
    reports = {}
    if exclude is not None:
        both = {"train": train, "test": test}
        both, names = exclusion.leave_out(both, exclude)
        train, test = both.values()
        reports["excluded"] = len(names)
    if seen is not None:
        test, report = leak_policy.apply_to_seen(
            test, seen, on_leak, cache=cache
        )
        reports["seen_report"] = report.as_dict()
    if not len(test):
        raise DataError(
            "No test face is left to judge by: the list of --exclude names "
            "them all, or a fold holds none."
        )
    train, report = leak_policy.apply_leak_policy(
        train, test, on_leak, cache=cache
    )
    reports["leak_report"] = report.as_dict()
    if say:
        say(f"{report.num_dropped} training copies of test faces left out")
    copies = found_copies.find_copies(train, cache=cache)
    reports["two_labels"] = warn_of_two_labels(train, copies, cache, say)
    train, validation = splits.split_validation(
        train, validation_fraction, seed, copies
    )
    return {"train": train, "validation": validation, "test": test}, reports


def warn_of_two_labels(faces, copies, cache=None, say=None):
    """Says which pictures are there twice under two labels.

    Args:
        faces: `LabeledFaces`.
        copies: of `leaks.find_duplicates(faces)`.
        cache: the folder for a list that `--exclude` takes, or None.
        say: called with each message, or None.

    Returns:
        How many pairs there are.
    """
    pairs = leak_policy.contradictions(faces, copies)
    for names in pairs[:_MOST_WARNINGS] if say else ():
        say(f"warning: the same face has two labels: {' '.join(names)}")
    if say and len(pairs) > _MOST_WARNINGS:
        say(f"warning: and {len(pairs) - _MOST_WARNINGS} more pairs")
    if say and pairs and cache is not None:
        path = exclusion.write_exclusions(cache, pairs)
        say(f"To leave these pictures out: --exclude {path}")
    return len(pairs)


def halve(faces, seed=0, cache=None):
    """Cuts a part in two, stratified; copies and second crops on one side.

    Args:
        faces: `LabeledFaces`.
        seed: of the choice.
        cache: where results are remembered, see `found_copies`.

    Returns:
        Two `LabeledFaces`.

    Raises:
        DataError: see `split_validation`.
    """
    copies = found_copies.find_copies(faces, cache=cache)
    return splits.split_validation(faces, 0.5, seed, copies)


def count(faces, batch_size, say):
    """Says how many faces there are, before a model is built for them.

    Args:
        faces: {part: `LabeledFaces`}, one of them "train".
        batch_size: faces a step.
        say: called with a line to print.

    Returns:
        {part: number of faces}.

    Raises:
        UsageError: if the training part does not fill one batch.
    """
    counts = {part: len(held) for part, held in faces.items()}
    say("Faces: " + ", ".join(f"{n} {part}" for part, n in counts.items()))
    if counts["train"] < batch_size:
        raise UsageError(
            f"{counts['train']} faces to train on do not fill one batch of "
            f"--batch-size {batch_size}"
        )
    return counts
