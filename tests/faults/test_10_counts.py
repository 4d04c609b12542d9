"""Row 10: pictures that are listed and absent, the reverse, wrong counts.

That a report's title says so under `any`: tests/recipes/test_rafdb.py.
"""

from recipe_command import SMALL


def test_absent_pictures_are_all_named(faces, pictures, commands):
    for number in range(1, 7):
        (pictures / f"train_{number:05}_aligned.jpg").unlink()
    message = commands.refuse(
        faces, *(f"lists train_{number:05}.jpg, but" for number in range(1, 7))
    )
    assert "6 listed pictures are absent" in message


def test_unlisted_pictures_are_all_named(faces, pictures, commands):
    content = (pictures / "train_00001_aligned.jpg").read_bytes()
    for number in (901, 902):
        (pictures / f"train_00{number}_aligned.jpg").write_bytes(content)
    message = commands.refuse(
        faces, "train_00901_aligned", "train_00902_aligned"
    )
    assert "2 pictures are not listed" in message


def test_other_counts_than_the_sets_are_refused_with_both(data, commands):
    words = [word for word in SMALL if word not in ("--expected-counts", "any")]
    found = commands.recipe(
        *("rafdb", "--data-dir", data, "--run-dir", commands.run_dir, *words)
    )
    checked = commands.keras_fer("check-data", data)
    for status, _, message in (found, checked):
        assert status == 3
        for words in (
            "70 train and 14 test",
            "12,271 train and 3,068 test",
            "--expected-counts any",
        ):
            assert words in message
    assert not (commands.run_dir / "config.json").exists()
