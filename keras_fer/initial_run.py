"""What is known of weights that another run starts from."""

import dataclasses
from pathlib import Path

from keras_fer.datasets import leak_policy
from keras_fer.datasets.fingerprints import Fingerprints
from keras_fer.earlier_trainings import earlier_trainings
from keras_fer.errors import UsageError


@dataclasses.dataclass(frozen=True)
class InitialRun:
    """What is taken from a finished run, a preset or a weight file.

    Attributes:
        weights_path: the weight file, or the preset's folder.
        learned: `Fingerprints` of the pictures behind these weights; None
            for a preset or a file alone, which do not say.
        class_names: the classes that these weights know, in their order;
            empty for a file alone.
        description: plain values for a report: the run's name and id, data
            set, data hash, counts, epoch, commit, and its own start; or the
            preset's name and its run; or the file's name and hash.
        settings: what the weights were trained with, where it is known.
    """

    weights_path: Path
    learned: Fingerprints | None
    class_names: tuple[str, ...]
    description: dict
    settings: dict = dataclasses.field(default_factory=dict)

    def check_classes(self, class_names):
        """Refuses classes that are not these weights', in their order.

        Raises:
            UsageError: with both lists.
        """
        if tuple(class_names) != self.class_names:
            raise UsageError(
                f"{self._name} tells "
                f"{', '.join(self.class_names)} apart, and the faces are of "
                f"{', '.join(class_names)}. recipes/image_folder.py starts "
                "from weights of other classes."
            )

    def check_cut(self, data_hash, config, names, additional=None):
        """Refuses other parts of the data that these weights learned from.

        A face that they learned from would choose the epoch, or judge.

        Args:
            data_hash: of the whole data set, as a report has it.
            config: a recipe's Config.
            names: its settings that decide the parts.
            additional: the `AdditionalSource` that is learned from beside it.

        Raises:
            UsageError: with the settings and how to make them alike.
        """
        if additional is not None:
            self._check_additional(additional.source.identity, data_hash)
        (_, last), *before = earlier_trainings(self.description)
        for name, run in earlier_trainings(self.description):
            if run.get("additional_data", {}).get("data_hash") == data_hash:
                raise UsageError(
                    f"{name} learned from this data beside its own: faces "
                    "that it knows would choose or judge. Start from other "
                    "weights."
                )
        if last.get("data_hash") != data_hash:
            # A training on this data in between was checked when it began.
            for name, run in before:
                if run.get("data_hash") == data_hash:
                    raise UsageError(
                        f"{self._name} comes from {name}, which learned from "
                        "the same data: faces that it knows would choose or "
                        "judge. Start from other weights."
                    )
            return
        different = [
            _as_flag(name, self.settings[name])
            for name in names
            if name in self.settings
            and _cut(self.settings[name]) != _cut(getattr(config, name))
        ]
        if different:
            raise UsageError(
                f"{self._name} learned from the same data, cut in another "
                "way: faces that it knows would choose or judge. Cut alike: "
                f"{' '.join(different)}, or start from nothing."
            )

    def _check_additional(self, additional_hash, data_hash):
        """Refuses a second data set that was learned from, cut otherwise."""
        for name, run in earlier_trainings(self.description):
            added = run.get("additional_data", {})
            alone = run.get("data_hash") == additional_hash
            beside = added.get("data_hash") == additional_hash
            # Beside the same data it was cut by settings that must be alike.
            alike = run.get("data_hash") == data_hash and "validation" in added
            if alone or (beside and not alike):
                raise UsageError(
                    f"{name} learned from the data set of "
                    "--additional-data-dir, cut in another way: faces that "
                    "it knows would choose. Start from other weights."
                )

    @property
    def _name(self):
        return next(earlier_trainings(self.description))[0]

    def unseen(self, test, policy, cache=None, say=print):
        """The test faces that these weights have not learned from.

        Args:
            test: `LabeledFaces`.
            policy, cache: as `leak_policy.apply_to_seen` takes them.
            say: called with a warning where nobody knows them.

        Returns:
            (`LabeledFaces`, facts for a report: "initial_weights", and
            "seen_report" where the learned faces are known).

        Raises:
            DataError: see `leak_policy.apply_to_seen`.
        """
        facts = {"initial_weights": self.description}
        self.warn(say)
        if self.learned is not None:
            test, report = leak_policy.apply_to_seen(
                test, self.learned, policy, cache=cache
            )
            facts["seen_report"] = report.as_dict()
        return test, facts

    def warn(self, say):
        """Says where nobody knows which faces are behind the weights."""
        trainings = list(earlier_trainings(self.description))
        if self.learned is not None:
            del trainings[0]
        for name, run in trainings:
            if "run_id" not in run and run.get("data_set") != "ImageNet":
                say(f"warning: {name} does not say which faces it has seen")


def _cut(value):
    """What a setting means for the parts, as config.json has it."""
    # A run that --on-leak stop let begin had nothing to drop.
    if value == "stop":
        return "drop"
    return str(value) if isinstance(value, Path) else value


def _as_flag(name, value):
    flag = "--" + name.replace("_", "-")
    return f"no {flag}" if value is None else f"{flag} {value}"
