"""`--shard I/N`: the parts are disjoint, and together they are all."""

import collections
import json
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
    crops = {
        path.relative_to(tmp_path): path.read_bytes()
        for path in (tmp_path / "crops").rglob("*.png")
    }
    for path in crops:
        (tmp_path / path).unlink()
    parts, part_lines, part_printed = [], [], []
    for index in (1, 2, 3):
        part_printed += ask("--shard", f"{index}/3")
        path = tmp_path / f"answers.{index}-of-3.json"
        parts += json.loads(path.read_text())
        text = path.with_suffix(".csv").read_text()
        part_lines += text.splitlines()[1:]
    order = [entry["path"] for entry in whole]
    assert sorted(parts, key=lambda e: order.index(e["path"])) == whole
    assert sorted(part_lines) == sorted(lines[1:])
    assert sorted(part_printed) == sorted(printed)
    assert crops == {
        path.relative_to(tmp_path): path.read_bytes()
        for path in (tmp_path / "crops").rglob("*.png")
    }
