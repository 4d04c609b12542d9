"""Train, validation and test parts with no picture on two sides."""

from keras_fer.datasets import leak_policy
from keras_fer.datasets import leaks
from keras_fer.datasets import splits
from keras_fer.errors import DataError

_MOST_WARNINGS = 20


def separate(
    train,
    test,
    *,
    on_leak="stop",
    validation_fraction=0.1,
    seed=0,
    seen=None,
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
        say: called with a warning for each picture under two labels.

    Returns:
        ({"train", "validation", "test"} -> `LabeledFaces`,
        {"leak_report", and "seen_report" if there are any `seen`} -> plain
        values for a report).

    Raises:
        DataError: see `leak_policy` and `split_validation`.
    """
    reports = {}
    if seen is not None:
        test, report = leak_policy.apply_to_seen(test, seen, on_leak)
        reports["seen_report"] = report.as_dict()
    if not len(test):
        raise DataError(
            "No test face is left to judge by: --on-leak drop left all of "
            "them out, or a fold holds none."
        )
    train, report = leak_policy.apply_leak_policy(train, test, on_leak)
    reports["leak_report"] = report.as_dict()
    copies = leaks.find_duplicates(train)
    contradictions = leak_policy.contradictions(train, copies)
    for names in contradictions[:_MOST_WARNINGS] if say else ():
        say(f"warning: the same face has two labels: {' '.join(names)}")
    if say and len(contradictions) > _MOST_WARNINGS:
        say(f"warning: and {len(contradictions) - _MOST_WARNINGS} more pairs")
    train, validation = splits.split_validation(
        train, validation_fraction, seed, copies
    )
    return {"train": train, "validation": validation, "test": test}, reports
