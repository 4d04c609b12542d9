"""Row 30: two runs in one folder, and a lock whose owner died.

Two children, and a killed owner: tests/test_files.py.
"""

import os
import socket

from keras_fer import files


def test_the_second_run_ends_at_once_and_names_the_first(data, commands):
    with files.lock_directory(commands.run_dir):
        before = sorted(os.listdir(commands.run_dir))
        status, out, message = commands.rafdb(data)
        assert sorted(os.listdir(commands.run_dir)) == before
    assert status == 2 and out == ""
    owner = f"process {os.getpid()} on {socket.gethostname()}"
    assert f"{commands.run_dir} is in use by {owner}" in message


def test_a_lock_without_its_owner_is_taken_over(data, commands):
    commands.run_dir.mkdir()
    (commands.run_dir / ".lock").touch()
    files.write_json(
        commands.run_dir / ".owner.json", {"pid": 1, "host": "gone"}
    )
    status, _, message = commands.rafdb(data, "--expected-counts", "official")
    assert status == 3 and "12,271" in message  # it came to the data
