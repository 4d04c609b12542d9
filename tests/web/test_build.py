import http.client
import json
import os
import shutil
import subprocess
import urllib.parse

import pytest

from javascript import WEB
from javascript import require

pytestmark = pytest.mark.browser


def build(*arguments, cwd=WEB):
    """Status and error text of a build."""
    child = subprocess.run(
        [require("node"), "build.js", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "INIT_CWD": str(cwd)},
        text=True,
        timeout=60,
    )
    return child.returncode, child.stderr


@pytest.fixture
def web_copy(packages, tmp_path):
    """The page's sources once more, in a folder of their own."""
    copy = tmp_path / "repository" / "web"
    hidden = shutil.ignore_patterns("node_modules", "dist")
    shutil.copytree(WEB, copy, ignore=hidden)
    (copy / "node_modules").symlink_to(packages)
    return copy


def files_of(folder):
    return sorted(path for path in folder.rglob("*"))


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


def test_a_build_replaces_an_earlier_one_and_nothing_else(
    packages, exported, tmp_path
):
    model = exported / "model.int8.tflite"
    output = tmp_path / "page"
    for _ in range(2):  # into a new folder, then into that of a build
        assert build("--model", model, "--output", output) == (0, "")
    page = (output / "page.js").read_bytes()
    mine = output / "models" / "notes.txt"
    mine.write_text("mine")
    status, error = build("--model", model, "--output", output)
    assert status == 1
    assert "models/notes.txt, which no build put there" in error
    assert mine.read_text() == "mine"
    mine.unlink()
    (output / "page.js").write_text("older")
    assert build("--model", model, "--output", output)[0] == 0
    assert (output / "page.js").read_bytes() == page
    assert list(tmp_path.iterdir()) == [output]


def test_a_folder_of_something_else_is_left_alone(exported, web_copy):
    # A copy of the sources: where the guard fails, they are gone.
    before = files_of(web_copy.parent)
    model = exported / "model.int8.tflite"
    for output in (".", "..", "src", "src/new", "package.json"):
        status, error = build(
            "--model", model, "--output", output, cwd=web_copy
        )
        assert status == 1, output
        assert "as --output." in error and len(error.splitlines()) == 1
        assert files_of(web_copy.parent) == before


def test_sources_that_look_like_a_build_are_left_alone(exported, web_copy):
    record = web_copy / "keras-fer-build.json"
    names = [
        str(path.relative_to(web_copy)) for path in web_copy.rglob("*")
    ] + [record.name]
    record.write_text(json.dumps({"files": names}))
    model = exported / "model.int8.tflite"
    status, error = build("--model", model, "--output", ".", cwd=web_copy)
    assert status == 1
    assert "holds the page's sources" in error
    assert (web_copy / "src" / "page.js").exists()


def test_a_build_before_npm_ci_says_to_run_it(exported, web_copy):
    (web_copy / "node_modules").unlink()
    model = exported / "model.int8.tflite"
    status, error = build("--model", model, cwd=web_copy)
    assert (status, error) == (
        1,
        "The page's packages are not installed. Run: npm ci\n",
    )
    assert not (web_copy / "dist").exists()


def test_a_build_without_a_model_says_how(web_copy):
    status, error = build(cwd=web_copy)
    assert status == 1
    assert "--model is missing" in error and "npm run build -- --model" in error


def test_the_shipped_preset_is_the_default(exported, web_copy):
    shipped = web_copy.parent / "keras_fer" / "shipped_presets" / "fer2013"
    shipped.mkdir(parents=True)
    shutil.copy(exported / "model.int8.tflite", shipped)
    assert build(cwd=web_copy) == (0, "")
    taken = web_copy / "dist" / "models" / "expressions.tflite"
    model = (exported / "model.int8.tflite").read_bytes()
    assert taken.read_bytes() == model


@pytest.mark.parametrize(
    "arguments, status, reason",
    [
        (["--port", "abc"], 2, "--port is abc"),
        (["--port", "70000"], 2, "--port is 70000"),
        (["--frob"], 2, "Unknown option '--frob'"),
        (["--directory", "unbuilt"], 1, "npm run build"),
    ],
)
def test_what_cannot_be_served_ends_with_one_line(
    arguments, status, reason, tmp_path
):
    child = subprocess.run(
        [require("node"), WEB / "serve.js", *arguments],
        capture_output=True,
        env={**os.environ, "INIT_CWD": str(tmp_path)},
        text=True,
        timeout=60,
    )
    assert (child.returncode, child.stdout) == (status, "")
    assert reason in child.stderr and child.stderr.count("\n") == 1
    if status == 1:  # from where the user stands, not from web/
        assert str(tmp_path / "unbuilt") in child.stderr


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


def test_no_file_of_the_page_is_longer_than_300_lines():
    seen = set()
    for path in WEB.rglob("*"):
        if {"node_modules", "dist"} & set(path.parts):
            continue
        if path.suffix in (".js", ".css", ".html"):
            seen.add(path.suffix)
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= 300, path.name
    assert len(seen) == 3
