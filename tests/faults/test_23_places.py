"""Row 23: a file where a folder belongs, a run inside its data."""

from recipe_command import SMALL


def test_a_file_for_the_data_is_named(tmp_path, commands):
    path = tmp_path / "rafdb.zip"
    path.write_bytes(b"x")
    for name in ("rafdb", "sfew", "image_folder"):
        status, _, message = commands.recipe(
            name, "--data-dir", path, "--run-dir", commands.run_dir
        )
        assert status == 2
        assert f"--data-dir {path} is a file" in message
    status, _, message = commands.keras_fer("check-data", path)
    assert status in (2, 3) and str(path) in message


def test_a_file_for_the_run_is_named(data, tmp_path, commands):
    commands.run_dir.write_text("mine")
    for name in ("rafdb", "sfew", "image_folder"):
        status, _, message = commands.recipe(
            name, "--data-dir", data, "--run-dir", commands.run_dir
        )
        assert status == 2
        assert f"--run-dir {commands.run_dir} is a file" in message
    status, _, message = commands.rafdb(data, "--run-dir", tmp_path / "run/in")
    assert status == 2 and "cannot be created" in message
    assert commands.run_dir.read_text() == "mine"


def test_a_run_inside_its_data_is_refused_with_both(faces, commands):
    inside = faces / "basic" / "run"
    status, _, message = commands.rafdb(faces, "--run-dir", inside)
    assert status == 2
    assert f"--run-dir {inside} lies inside --data-dir {faces}" in message
    assert not inside.exists()


def test_a_folder_with_other_files_is_no_run(data, commands):
    commands.run_dir.mkdir()
    (commands.run_dir / "thesis.txt").write_text("mine")
    status, _, message = commands.rafdb(data, *SMALL)
    assert status == 2 and "files that are no run's (thesis.txt)" in message
    status, _, message = commands.rafdb(data, "--overwrite")
    assert status == 2
    assert (commands.run_dir / "thesis.txt").read_text() == "mine"
