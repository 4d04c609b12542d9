"""The trainings behind weights, from the last one to the first."""


def earlier_trainings(start):
    """What a report's "initial_weights" says, one training after another.

    Args:
        start: a run's description (its name as "run"), a preset's (its name
            as "preset", its run's facts as "run") or a file's ("file"), each
            with its own "initial_weights" if it had any; or None.

    Yields:
        (name, facts of the training), the nearest first. Whose faces nobody
        knows has no "run_id" among its facts.
    """
    while start:
        name = start.get("preset") or start.get("run") or start.get("file")
        facts = start.get("run", {}) if "preset" in start else start
        yield name or "a run without a name", facts
        start = facts.get("initial_weights")
