"""`--shard I/N`: the parts are disjoint, and together they are all."""

import collections
import dataclasses
import json
import os
from pathlib import Path

import pytest

from keras_fer import cli
from keras_fer.commands import shards
from keras_fer.errors import UsageError
from photographed import photo_of

NAMES = [Path(f"folder {n % 7}/photo {n}.jpg") for n in range(2000)]


@pytest.mark.parametrize("number", [1, 2, 3, 8])
def test_every_photo_is_in_one_part_and_parts_are_alike_in_size(number):
    parts = [
        shards.take(NAMES, NAMES, f"{index}/{number}")
        for index in range(1, number + 1)
    ]
    found = collections.Counter(name for part in parts for name in part)
    assert found == collections.Counter(NAMES)
    places = {name: place for place, name in enumerate(NAMES)}
    assert all(part == sorted(part, key=places.get) for part in parts)
    for part in parts:
        assert abs(len(part) - 2000 / number) < 0.2 * 2000 / number


def test_photos_that_come_later_move_none():
    some = set(shards.take(NAMES[:1000], NAMES[:1000], "2/4"))
    more = set(shards.take(NAMES, NAMES, "2/4"))
    assert some == more & set(NAMES[:1000])


def test_the_rule_is_the_same_in_every_version():
    names = [Path(f"{letter}.jpg") for letter in "abcdefgh"]
    found = [
        "".join(n.stem for n in shards.take(names, names, f"{i}/3"))
        for i in (1, 2, 3)
    ]
    assert found == ["f", "b", "acdegh"]


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "2", "2/", "a/b", "-1/4", "1/0"]
)
def test_what_is_no_part_is_refused(text):
    with pytest.raises(UsageError, match="expected I/N"):
        shards.read_shard(text)


@dataclasses.dataclass(frozen=True)
class Command:
    json: str | Path
    shard: str = "1/2"


def test_each_part_has_files_of_its_own():
    for path in ("new/a.json", Path("a.json")):
        found = shards.own_files(Command(path), ["json"]).json
        assert found == type(path)(str(path).replace("a.", "a.1-of-2."))


def test_pipes_and_devices_are_written_to_as_they_are(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    # The standard output may be a file, by the shell's ">".
    for path in ("-", "/dev/null", "/dev/stdout", str(pipe), str(link)):
        assert shards.own_files(Command(path), ["json"]).json == path


def test_parts_that_see_other_photos_share_no_picture(tmp_path, small_model):
    folder, drawn = tmp_path / "photos", tmp_path / "drawn"
    folder.mkdir()
    found = {}
    for part, name in (("1/2", "a.webp"), ("2/2", "a.png")):
        photo_of((40, 60, 160)).save(folder / name)
        words = (folder, "--annotate", drawn, "--model", small_model)
        words += ("--detector", "photographed:find_marked", "--shard", part)
        assert cli.main(["predict", *map(str, words)]) == 0
        found[name] = {path.name for path in drawn.glob("*.png")}
    assert found == {
        "a.webp": {"a.webp.png"},
        "a.png": {"a.webp.png", "a.png.png"},
    }


def test_the_parts_of_a_folder_are_the_whole(tmp_path, small_model, capsys):
    folder = tmp_path / "photos"
    # Two are called alike where capital letters do not count.
    for name in ("a.png", "A.webp", "b.png", "c.png", "inner/a.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        photo_of((40, 60, 160)).save(folder / name)

    def ask(*words):
        words += ("--json", tmp_path / "answers.json")
        words += ("--csv", tmp_path / "answers.csv")
        words += ("--crops", tmp_path / "crops", "--model", small_model)
        words += ("--detector", "photographed:find_marked")
        assert cli.main(["predict", *map(str, (folder, *words))]) == 0
        return capsys.readouterr().out.splitlines()

    printed = ask()
    whole = json.loads((tmp_path / "answers.json").read_text())
    lines = (tmp_path / "answers.csv").read_text().splitlines()
    crops = take_crops(tmp_path / "crops", whole)
    assert len(crops) == 5
    parts, part_lines, part_printed = [], [], []
    for index in (1, 2, 3):
        part_printed += ask("--shard", f"{index}/3")
        path = tmp_path / f"answers.{index}-of-3.json"
        parts += json.loads(path.read_text())
        text = path.with_suffix(".csv").read_text()
        part_lines += text.splitlines()[1:]
    assert take_crops(tmp_path / "crops", parts) == crops
    order = [entry["path"] for entry in whole]
    for entry in parts:  # called by the whole name
        assert entry["output"] == os.path.relpath(entry["path"], folder)
    for entry in (*whole, *parts):
        del entry["output"]
    assert sorted(parts, key=lambda e: order.index(e["path"])) == whole
    assert sorted(part_lines) == sorted(lines[1:])
    assert sorted(part_printed) == sorted(printed)


def take_crops(folder, records):
    """The photos' crops, which are all there are, and no longer there."""
    found = {}
    for record in records:
        path = folder / f"{record['output']}.1.png"
        found[record["path"]] = path.read_bytes()
        path.unlink()
    assert not list(folder.rglob("*.png"))
    return found
