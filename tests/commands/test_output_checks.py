"""No output is written over a photo, nor taken for one afterwards."""

import errno
import json
import shutil
from pathlib import Path

import pytest

from keras_fer import cli
from keras_fer import files
from keras_fer.commands.output_checks import check_photos_stay
from keras_fer.commands.output_checks import check_places
from keras_fer.commands.photo_job import Task
from keras_fer.commands.picture_paths import list_pictures
from keras_fer.errors import DiskFullError
from keras_fer.errors import UsageError


@pytest.fixture
def photos(photo_folder, tmp_path):
    """A copy of the photos, to write among."""
    shutil.copytree(photo_folder, tmp_path / "photos")
    return tmp_path / "photos"


@pytest.fixture
def ask(small_model, capsys):
    """Runs `predict`; its status and the paths of the photos it answered."""

    def run(*words):
        words = (*words, "--model", small_model, "--json", "-")
        words += ("--detector", "photographed:find_marked")
        status = cli.main(["predict", *map(str, words)])
        records = json.loads(capsys.readouterr().out)
        return status, [record["path"] for record in records]

    return run


def contents(folder):
    return {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_was_written_among_the_photos_is_not_read_later(ask, photos):
    before = contents(photos)
    expected = ask(photos)
    assert len(expected[1]) == 3
    drawn, crops = photos / "drawn", photos / "inner" / "faces"
    words = (photos, "--annotate", drawn, "--crops", crops)
    assert ask(*words) == expected
    assert len(list(photos.rglob("*.*g"))) == 2 + 3 + 3
    written = contents(photos)
    # The same command, another, and one for the photos of one folder.
    assert ask(*words) == ask(photos) == expected
    assert ask(photos, "--crops", photos / "new") == expected
    assert ask(photos / "inner")[1] == [str(photos / "inner" / "b.jpg")]
    assert contents(photos).items() >= written.items() > before.items()
    # What is named is meant.
    assert len(ask(crops)[1]) == 3


@pytest.mark.parametrize(
    ("photo", "output"),
    [
        (".", "."),
        ("a.png", "."),
        ("c.webp", "."),  # nothing would be written over, but lie beside it
        (".", "inner"),
        ("inner", "."),
        ("inner", ".."),
        ("link.png", "store"),
    ],
)
def test_a_folder_that_holds_a_photo_is_refused(photo, output, photos):
    (photos / "store").mkdir()
    (photos / "a.png").rename(photos / "store" / "a.png")
    shutil.copy(photos / "store" / "a.png", photos)
    (photos / "link.png").symlink_to(photos / "store" / "a.png")
    listed = [path for path, _ in list_pictures([photos / photo])]
    before = contents(photos)
    folder = photos / output
    with pytest.raises(UsageError) as refusal:
        check_places({}, {"--crops": folder}, listed)
    message = str(refusal.value)
    assert message.startswith(f"--crops {folder}: the photo {photos}")
    fixed = Path(message.rpartition("--crops ")[2].removesuffix("."))
    assert fixed == folder / "crops"
    check_places({}, {"--crops": fixed}, listed)  # as it says
    shutil.rmtree(fixed)
    assert contents(photos) == before


def test_a_folder_of_other_pictures_is_refused(photos, tmp_path):
    """Who has not named them as photos wants to keep them all the same."""
    before = contents(photos)
    with pytest.raises(UsageError, match="b.jpg is there already, and not of"):
        check_places(
            *({}, {"--annotate": photos / "inner"}),
            [tmp_path / "elsewhere" / "b.jpg"],
        )
    assert contents(photos) == before


def test_a_link_among_the_outputs_leads_to_no_photo(photos, tmp_path):
    drawn = tmp_path / "drawn"
    check_places({}, {"--annotate": drawn}, [])
    tasks = [
        Task(path, name.with_suffix(""))
        for path, name in list_pictures([photos])
    ]
    check_photos_stay([drawn], tasks)
    (drawn / "inner").symlink_to(photos / "inner")
    with pytest.raises(UsageError, match="drawn/inner is a folder of photos"):
        check_photos_stay([drawn], tasks)


def test_a_full_disk_is_told_from_a_folder_that_may_not_be_written(
    tmp_path, monkeypatch
):
    def refuse(target, text):
        raise DiskFullError(errno.ENOSPC, f"{target} cannot be written.")

    monkeypatch.setattr(files, "write_text", refuse)
    with pytest.raises(DiskFullError, match="^.*keras-fer-output cannot"):
        check_places({}, {"--crops": tmp_path / "crops"}, [])
