"""Row 15: an archive cut in the middle, a file with another hash."""

import pytest

import inject


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_cut_archive_is_named_and_old_data_kept(
    share, faces, pictures, commands, cache
):
    path = inject.pack(pictures)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    before = inject.tree(cache)
    message = commands.refuse(faces, "aligned.zip cannot be read")
    assert "Fetch it again" in message
    # Other tests may add to it meanwhile.
    assert before.items() <= inject.tree(cache).items()


def test_a_flipped_byte_is_found_by_the_members_sum(faces, pictures, commands):
    path = inject.pack(pictures)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    commands.refuse(faces, "aligned.zip", "is damaged", "Fetch the archive")
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert commands.check_data(faces)[0] == 0
