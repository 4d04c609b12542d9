"""How often networks were judged by a test part, counted beside the data.

Each look makes a test part a little more of a validation part. Whoever reads
a figure should know how many came before it.
"""

import datetime
import json
from pathlib import Path

import filelock

from keras_fer import files
from keras_fer.datasets import prepared
from keras_fer.errors import DataError


def count_run(run, facts, cache_dir=None, say=print):
    """Counts a run's look at FER2013's PublicTest, beside the prepared data.

    Args:
        run: of `run_directory.open_run`.
        facts: the run's, with "data_hash", "commit" and, if its weights were
            mixed with earlier ones, "initial_share": each share is a look.
        cache_dir: see `prepared.cache_directory`.
        say: called with a line to print.

    Returns:
        A fact for the report: {"looks_at_public_test": number}.

    Raises:
        DataError: see `count_look`.
    """
    cache = prepared.cache_directory(cache_dir)
    kept = cache / f"looks-at-public-test-{facts['data_hash'][:16]}.json"
    made = {"run_dir": run.directory.name, "commit": facts["commit"]}
    if "initial_share" in facts:
        made["initial_share"] = facts["initial_share"]
        made["commit"] = facts["mixed_at_commit"]
    number = count_look(kept, run.run_id, **made)
    say(f"Look number {number} at PublicTest")
    return {"looks_at_public_test": number}


def count_look(path, run_id, initial_share=0.0, **facts):
    """Notes that a run is about to be judged by a test part.

    Args:
        path: the JSON file that keeps the looks, one for each set; made if
            missing.
        run_id: the run's. Judged again after a crash, it counts once.
        initial_share: of its weights. With another share it counts again.
        facts: plain values to note with it.

    Returns:
        How many looks there have been, with this one.

    Raises:
        DataError: if the file cannot be read.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_name(f".{path.name}.lock")):
        looks = _read(path)
        judged = [(x["run_id"], x.get("initial_share", 0.0)) for x in looks]
        if (run_id, initial_share) not in judged:
            if initial_share:
                facts["initial_share"] = initial_share
            time = datetime.datetime.now(datetime.UTC)
            time = time.isoformat(timespec="seconds")
            looks.append({"run_id": run_id, "time": time, **facts})
            files.write_json(path, looks)
    return len(looks)


def _read(path):
    if not path.exists():
        return []
    try:
        looks = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(look["run_id"], str) for look in looks):
            raise ValueError("a look without a run_id")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read ({error!r}). It counts how often networks "
            "were judged by a test part: mend it, or remove it and say in "
            "your report that the count began anew."
        ) from error
    return looks
