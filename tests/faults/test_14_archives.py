"""Row 14: archives that lead out, link, swell, or hold a name twice.

Nothing is extracted anywhere: pictures are read member by member.
"""

import io
import stat
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

import inject
from keras_fer.datasets.picture_folders import list_archive
from keras_fer.datasets.raf_db_source import find_source
from keras_fer.errors import DataError

NAME = "aligned/train_00099_aligned.jpg"


def special(kind):
    def add(archive):
        member = zipfile.ZipInfo(NAME)
        member.external_attr = (kind | 0o777) << 16
        archive.writestr(member, "/etc/passwd")

    return add


def named(name):
    return lambda archive: archive.writestr(name, b"x")


HOSTILE = {
    "../": (named("../test_00001_aligned.jpg"), "leads out"),
    "inner ../": (named("aligned/../../x_aligned.jpg"), "leads out"),
    "absolute": (named("/etc/test_00001_aligned.jpg"), "leads out"),
    "sibling prefix": (named("../aligned-2/x_aligned.jpg"), "leads out"),
    "backslash": (named("..\\..\\x_aligned.jpg"), "leads out"),
    "backslash folder": (named("a\\..\\b/x_aligned.jpg"), "leads out"),
    "symbolic link": (special(stat.S_IFLNK), "is a link"),
    "device": (special(stat.S_IFBLK), "is no plain file"),
    "pipe": (special(stat.S_IFIFO), "is no plain file"),
    "1000:1": (
        lambda archive: archive.writestr(
            NAME, bytes(1_000_000), zipfile.ZIP_DEFLATED
        ),
        "to 1,000,000 bytes",
    ),
    "large": (
        lambda archive: archive.writestr(
            NAME, bytes(20_000_001), zipfile.ZIP_DEFLATED
        ),
        "unpacks to 20,000,001 bytes",
    ),
    "twice": (named("other/train_00001_aligned.jpg"), "is there twice"),
    "a program": (named("aligned/x.exe"), "is no JPEG or PNG"),
}


def test_a_plain_archive_passes(data, faces, pictures, commands, tmp_path):
    inject.pack(pictures, named("__MACOSX/aligned/._train_00001.jpg"))
    before = inject.tree(tmp_path)
    status, out, _ = commands.check_data(faces)
    assert status == 0
    table = commands.check_data(data)[1].partition("\n")[2]
    assert out.partition("\n")[2] == table
    assert inject.tree(tmp_path) == before


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_members_are_refused_before_any_is_read(
    kind, faces, pictures, commands, tmp_path
):
    add, words = HOSTILE[kind]
    path = inject.pack(pictures, add)
    before = inject.tree(tmp_path)
    message = commands.refuse(faces, str(path), words)
    assert "Unpack the archive yourself" in message
    after = inject.tree(tmp_path)
    assert before == after


def test_an_encrypted_member_is_refused(faces, pictures, commands):
    path = inject.pack(pictures)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    commands.refuse(faces, "is encrypted")


def test_a_size_that_lies_is_found(faces, pictures, commands):
    """The directory says 100 bytes; the member holds a million."""
    path = inject.pack(
        pictures,
        lambda archive: archive.writestr(
            "aligned/x_aligned.jpg", bytes(1_000_000), zipfile.ZIP_DEFLATED
        ),
    )
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = (100).to_bytes(4, "little")
    path.write_bytes(content)
    # As a picture it would be read: at most 100 bytes, whose sum is wrong.
    with zipfile.ZipFile(path) as archive:
        with pytest.raises(zipfile.BadZipFile):
            archive.read("aligned/x_aligned.jpg")
    commands.refuse(faces, "does not list it")


def test_other_archives_are_no_data_set(pictures, commands, tmp_path):
    path = tmp_path / "rafdb.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("aligned/train_1_aligned.jpg")
        link.type, link.linkname = tarfile.LNKTYPE, "/etc/passwd"
        archive.addfile(link)
        member = tarfile.TarInfo("../outside.jpg")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    status, _, message = commands.rafdb(path)
    assert status == 2 and "Unpack it and give the folder" in message
    assert not (tmp_path.parent / "outside.jpg").exists()


NAMES = strategies.lists(
    strategies.text(max_size=20)
    | strategies.sampled_from(["..", ".", "", "a.jpg", "C:", "con.jpg", "\0"]),
    max_size=4,
).map("/".join)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(strategies.lists(NAMES, max_size=4))
def test_names_of_members_never_leave_the_archive(tmp_path_factory, names):
    directory = tmp_path_factory.mktemp("names")
    path = directory / "aligned.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in dict.fromkeys(names):
            try:
                archive.writestr(zipfile.ZipInfo(name or "x"), b"content")
            except (UnicodeEncodeError, UserWarning):
                continue
    try:
        found = list_archive(path)
    except DataError as error:
        assert str(path) in str(error)
    else:
        for name, member in found.items():
            assert "/" not in name and ".." not in member.split("/")
    assert [p.name for p in directory.iterdir()] == ["aligned.zip"]


def test_the_archive_is_the_folder(faces, pictures):
    expected = [r.name for r in find_source(faces).records]
    inject.pack(pictures)
    assert [r.name for r in find_source(faces).records] == expected
