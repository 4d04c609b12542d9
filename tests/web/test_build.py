import http.client
import subprocess
import urllib.parse

import pytest

from javascript import WEB
from javascript import require

pytestmark = pytest.mark.browser


def build(*arguments):
    """Status and error text of a build."""
    child = subprocess.run(
        [require("node"), "build.js", *map(str, arguments)],
        capture_output=True,
        cwd=WEB,
        text=True,
        timeout=60,
    )
    return child.returncode, child.stderr


def test_a_model_that_will_not_do_leaves_the_page_as_it_was(
    packages, exported, tmp_path
):
    output = tmp_path / "page"
    output.mkdir()
    kept = output / "kept.txt"
    kept.write_text("kept")
    path = tmp_path / "model.tflite"
    path.write_bytes((exported / "model.int8.tflite").read_bytes()[:-100])
    for model, reason in (
        (path, "Copy it or export it again"),
        (tmp_path / "missing.tflite", "cannot be read (ENOENT)"),
    ):
        status, error = build("--model", model, "--output", output)
        assert status == 1
        assert reason in error and model.name in error
        assert kept.read_text() == "kept"


def test_a_build_without_a_model_says_how(packages):
    status, error = build()
    assert status == 1
    assert "--model is missing" in error and "npm run build -- --model" in error


def get(address, path, method="GET", **headers):
    where = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_the_server_gives_the_page_and_nothing_else(address, build):
    answer, content = get(address, "/")
    assert answer.status == 200 and b"<h1>" in content
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy and "*" not in policy
    (build("float32").parent / "beside.txt").write_text("not for others")
    for path in (
        "/../beside.txt",
        "/%2e%2e/beside.txt",
        "/..%2fbeside.txt",
        "/missing.js",
        "/models",
        "/%00.html",
        "/%zz",
    ):
        answer, _ = get(address, path)
        assert answer.status in (400, 404), path
    answer, _ = get(address, "/", method="POST")
    assert answer.status == 405


def test_an_unchanged_file_is_not_sent_twice(address):
    answer, _ = get(address, "/page.js")
    again, content = get(
        address, "/page.js", **{"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status, content) == (304, b"")


def test_the_server_is_heard_on_this_machine_alone(address):
    port = urllib.parse.urlsplit(address).port
    heard = subprocess.check_output(["cat", "/proc/net/tcp", "/proc/net/tcp6"])
    listening = [
        line.split()[1]
        for line in heard.decode().splitlines()
        if f":{port:04X} " in line and line.split()[3] == "0A"
    ]
    assert listening == [f"0100007F:{port:04X}"]


def test_no_script_of_the_page_is_longer_than_300_lines():
    for path in WEB.rglob("*.js"):
        if "node_modules" not in path.parts and "dist" not in path.parts:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= 300, path.name
