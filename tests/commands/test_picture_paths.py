"""Which files are meant, and what their outputs are called."""

import os
import tempfile
from pathlib import Path

import pytest

from keras_fer.commands.picture_paths import OUTPUT_MARK
from keras_fer.commands.picture_paths import list_pictures
from keras_fer.commands.picture_paths import name_outputs
from keras_fer.commands.picture_paths import shown
from keras_fer.errors import DataError
from keras_fer.errors import UsageError


@pytest.fixture
def folder(tmp_path):
    for name in (
        *("b.png", "a.jpg", "inner/c.PNG", ".hidden/d.png", ".e.png"),
        *("inner/notes.txt", "out/a.jpg", "f.jpg/g.png"),
        *("inner/out/h.png", f"out/{OUTPUT_MARK}", f"inner/out/{OUTPUT_MARK}"),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"")
    return tmp_path


def test_folders_are_searched_and_single_files_taken_as_they_are(folder):
    listed = list_pictures([folder, "missing.gif"])
    assert [str(name) for _, name in listed] == [
        *("a.jpg", "b.png", "f.jpg/g.png", "inner/c.PNG", "missing.gif")
    ]
    for path, name in listed[:-1]:
        assert path == folder / name


def test_a_folder_of_outputs_is_read_if_it_is_named(folder):
    ((path, name),) = list_pictures([folder / "out"])
    assert (path, name) == (folder / "out" / "a.jpg", Path("a.jpg"))


def test_where_there_are_outputs_alone_it_says_so(folder):
    (folder / "inner" / "c.PNG").unlink()
    with pytest.raises(UsageError, match=r"wrote .*inner/out\) is read"):
        list_pictures([folder / "inner"])


def test_suffixes_choose(folder):
    ((path, _),) = list_pictures([folder], (".txt",))
    assert path.name == "notes.txt"


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no picture"):
        list_pictures([tmp_path])


def test_outputs_never_share_a_name():
    names = ["a.jpg", "A.png", "b/a.jpg", "a-2.jpg", "a.jpg", "a.b.jpg"]
    found = [str(name) for name in name_outputs(map(Path, names))]
    assert found == ["a", "A-2", "b/a", "a-2-2", "a-3", "a.b"]


def test_a_name_that_is_taken_stays_anothers():
    found = name_outputs([Path("a.jpg"), Path("b/c.png")], ["A", "b/c"])
    assert list(map(str, found)) == ["a-2", "b/c-2"]


def test_whole_names_do_not_depend_on_the_others():
    names = list(map(Path, ["a.jpg", "a.png", "A.png", "b/a.jpg"]))
    found = list(map(str, name_outputs(names, whole=True)))
    assert found == ["a.jpg", "a.png", "A.png-2", "b/a.jpg"]
    assert name_outputs(names[1:2], whole=True) == [Path("a.png")]


def test_what_cannot_be_read_in_a_folder_is_told_and_the_rest_listed():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.chmod(0o755)
        (folder / "closed").mkdir()
        (folder / "a.jpg").write_bytes(b"")
        (folder / "dead.png").symlink_to(folder / "gone.png")
        (folder / "closed").chmod(0)
        faults = []
        is_root = os.geteuid() == 0
        try:
            if is_root:  # who may read all
                os.seteuid(65534)
            listed = list_pictures([folder], faults=faults)
            assert list_pictures([folder / "closed"], faults=faults) == []
            with pytest.raises(DataError):
                list_pictures([folder])
        finally:
            if is_root:
                os.seteuid(0)
        (folder / "closed").chmod(0o755)
    assert [str(name) for _, name in listed] == ["a.jpg"]
    assert len(faults) == 3
    assert any("dead.png is a link" in fault for fault in faults)
    assert sum("closed cannot be searched" in fault for fault in faults) == 2


def test_any_name_is_shown_on_one_line():
    name = os.fsdecode(b"a\nb\xe9\x1b[1m \xc3\xa9.jpg")
    assert shown(name) == r"a\nb\udce9\x1b[1m é.jpg"
