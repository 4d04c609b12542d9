"""Half an hour of good and bad files: does anything grow, change or get lost?

    python tests/soak.py runs/rafdb/export/model.int8.tflite --minutes 30

Makes a folder of drawn faces in every form that is read, and of damaged and
disguised files. Several processes then ask one `Classifier` each, again and
again, while `keras-fer classify` and `keras-fer predict` are started over the
same files as often as the time allows. Every file must be answered or refused
once in every round, in the same words as ever; memory must stay. Prints what
was done, and ends with status 1 where anything was not so.
"""

import collections
import concurrent.futures
import dataclasses
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tyro

import soak_files
from keras_fer.classifier import Classifier
from keras_fer.errors import DataError
from process_memory import family
from process_memory import resident

_TICK = 0.5  # seconds between two looks at a process's memory
_LOADING = 12  # ticks until a process has loaded what it needs
_SHOWN = 40  # faults


@dataclasses.dataclass(frozen=True)
class Config:
    """Asks for answers until the time is up."""

    model: tyro.conf.Positional[Path]
    """A .tflite, an exported run or a preset."""
    minutes: float = 30.0
    processes: int = 2
    """How many ask a `Classifier`; two commands run beside them."""
    workers: int = 2
    """Of `keras-fer predict`."""
    detector: str = "none"
    """Of `keras-fer predict`; mtcnn needs the extra `faces`."""
    most_growth: float = 10.0
    """MB that a process may have more at the end than early on."""
    per_photo: float = 0.5
    """kB that a command may keep of each photo: its name and place."""
    seed: int = 0


def main(config):
    faults = []
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        folder = Path(folder)
        names = soak_files.write_files(folder / "files", config.seed)
        stop = time.monotonic() + 60 * config.minutes
        pipes, askers = [], []
        for number in range(config.processes):
            ours, theirs = context.Pipe(duplex=False)
            asker = context.Process(
                target=ask,
                args=(config, folder / "files", number, stop, theirs),
            )
            asker.start()
            theirs.close()
            pipes.append(ours)
            askers.append(asker)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            begun = {
                name: pool.submit(repeat, config, folder, name, stop)
                for name in ("classify", "predict")
            }
            asked = []
            for number, pipe in enumerate(pipes):
                try:
                    asked.append(pipe.recv())
                except EOFError:
                    faults.append(f"Classifier {number} ended without a word")
            commands = {name: one.result() for name, one in begun.items()}
        for asker in askers:
            asker.join()
    print(f"{len(names)} files, {config.minutes:g} minutes, {config.model}\n")
    known = {}
    rows = [report_asker(part, known, names, faults) for part in asked]
    rows += [
        report_command(config, name, runs, known, names, faults)
        for name, runs in commands.items()
    ]
    print_table(rows, config, faults)
    told = [f"{len(faults)} faults:", *faults[:_SHOWN]]
    told = told if faults else ["Nothing grew, changed or was lost."]
    print("", *told, sep="\n")
    return 1 if faults else 0


def ask(config, folder, number, stop, pipe):
    """In a process of its own: one `Classifier`, file after file."""
    classifier = Classifier(config.model)
    paths = sorted(folder.iterdir())
    rng = np.random.default_rng([config.seed, number])
    words, counts, changed = {}, collections.Counter(), set()
    series, due = [], 0.0
    while time.monotonic() < stop:
        for index in rng.permutation(len(paths)):
            name = paths[index].name
            try:
                word = dataclasses.asdict(classifier.predict(paths[index]))
            except DataError as error:
                word = str(error).replace(str(folder), "")
            counts[name] += 1
            if words.setdefault(name, word) != word:
                changed.add(name)
            if time.monotonic() >= due:
                series.append(resident(os.getpid()))
                due = time.monotonic() + _TICK
    pipe.send((number, words, counts, changed, series))


def repeat(config, folder, name, stop):
    """A command over the files, once more and once more: what each did."""
    runs, copies = [], 1
    while time.monotonic() < stop:
        photos = folder / f"{name}-{len(runs)}"
        links = soak_files.link(folder / "files", photos, copies)
        start = time.monotonic()
        run = {"links": links, **start_command(config, name, photos)}
        spent = time.monotonic() - start
        runs.append(run)
        # The next one takes a third of the time, for memory to show.
        wanted = 20 * config.minutes / max(spent, 1) * copies
        left = (stop - time.monotonic()) / max(spent, 1) * copies
        copies = max(1, min(int(wanted), int(left), 2000))
    return runs


def start_command(config, name, photos):
    """What a command answered and refused, and its memory as it ran."""
    output, *taken = map(photos.with_suffix, (".json", ".out", ".err"))
    words = [sys.executable, "-m", "keras_fer", name, photos]
    words += ["--model", config.model, "--json", output]
    if name == "predict":
        words += ["--detector", config.detector]
        words += ["--workers", config.workers]
    series = []
    with taken[0].open("wb") as out, taken[1].open("wb") as error:
        child = subprocess.Popen(
            list(map(str, words)),
            stdout=out,
            stderr=error,
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        )
        while child.poll() is None:
            series.append(sum(map(resident, family(child.pid))))
            time.sleep(_TICK)
    try:
        records = json.loads(output.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        records = []
        with taken[1].open("a") as file:
            file.write(f"\nno JSON: {error}")
    refused = taken[1].read_text(encoding="utf-8", errors="replace")
    return {
        "status": child.returncode,
        "records": records,
        "refused": refused.replace(f"{photos}/", "/"),
        "series": series,
    }


def report_asker(part, known, names, faults):
    number, words, counts, changed, series = part
    title = f"Classifier, process {number}"
    faults += [f"{title}: what it says of {name} changed" for name in changed]
    if set(counts) != set(names):
        faults.append(
            f"{title}: {len(counts)} of {len(names)} files were asked"
        )
    if len(set(counts.values())) > 1:
        faults.append(f"{title}: some files were asked more often than others")
    for name, word in words.items():
        if known.setdefault(name, word) != word:
            faults.append(f"{title}: another answer to {name} than before")
    refused = {name for name, word in words.items() if isinstance(word, str)}
    for name in names:
        if name.startswith("bad") != (name in refused):
            faults.append(f"{title}: {name} was taken for the other kind")
    num_refused = sum(counts[name] for name in refused)
    total = sum(counts.values())
    return title, total - num_refused, num_refused, [series], 0


def report_command(config, name, runs, known, names, faults):
    answers = refusals = largest = 0
    first = {}
    for number, run in enumerate(runs):
        title = f"keras-fer {name}, run {number}"
        if run["status"] != 3:  # some files are bad
            faults.append(f"{title}: status {run['status']}")
        answered, refused = collections.Counter(), collections.Counter()
        for record in run["records"]:
            path = Path(record["path"]).name
            if "error" in record:
                refused[path] += 1
                continue
            answered[path] += 1
            source = run["links"].get(path)
            word = record.get("faces", [record])
            word = [(w["label"], w["probabilities"]) for w in word]
            if first.setdefault(source, word) != word:
                faults.append(f"{title}: the answer to {path} changed")
            told = known.get(source)
            if name == "classify" and isinstance(told, dict):
                if [(told["label"], told["probabilities"])] != word:
                    faults.append(f"{title}: {path}: not Classifier's answer")
        said = run["refused"]
        for path, source in run["links"].items():
            wanted = (0, 1) if source.startswith("bad") else (1, 0)
            if (answered[path], refused[path]) != wanted:
                faults.append(
                    f"{title}: {path} was answered {answered[path]} times and "
                    f"refused {refused[path]} times"
                )
        if f"\n{refused.total()} of {len(run['links'])} p" not in said:
            faults.append(f"{title}: it counts otherwise: {said[-99:]}")
        answers += answered.total()
        refusals += refused.total()
        largest = max(largest, len(run["links"]))
    if not runs:
        faults.append(f"keras-fer {name} was never done")
    series = [run["series"] for run in runs if len(run["links"]) == largest]
    title = f"keras-fer {name}, {len(runs)} times"
    return title, answers, refusals, series, largest


def print_table(rows, config, faults):
    print(
        "| what | answers | refusals | MB early | in the middle | at the end | "
        "MB an hour |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for title, answers, refusals, every, largest in rows:
        series = max(every, key=len, default=[])[_LOADING:]
        if len(series) < 20:
            print(f"| {title} | {answers:,} | {refusals:,} | | | | |")
            if config.minutes >= 5:  # shorter ones are tries of this program
                faults.append(f"{title}: too short for its memory to be seen")
            continue
        early, middle, late = (
            np.median(series[int(a * len(series)) : int(b * len(series))])
            for a, b in ((0, 0.2), (0.4, 0.6), (0.8, 0.97))
        )
        kept = series[: int(0.97 * len(series))]
        slope = np.polyfit(np.arange(len(kept)) * _TICK / 3600, kept, 1)[0]
        print(
            f"| {title} | {answers:,} | {refusals:,} | {early:.1f} | "
            f"{middle:.1f} | {late:.1f} | {slope:+.1f} |"
        )
        allowed = config.most_growth + config.per_photo * largest / 1000
        if late - early > allowed:
            faults.append(
                f"{title}: memory grew by {late - early:.1f} MB; at most "
                f"{allowed:.1f} are allowed"
            )


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Config)))
