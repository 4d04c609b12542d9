"""Runs the page's JavaScript modules and programs by Node."""

import contextlib
import json
import os
import shutil
import subprocess

import pytest

from sources import ROOT

WEB = ROOT / "web"
# Reads {module, name, arguments}; binary values travel as {"bytes": [...]}.
_CALL = """
import fs from "node:fs";
const revive = (key, value) =>
  value?.bytes ? Uint8Array.from(value.bytes) : value;
const replace = (key, value) =>
  ArrayBuffer.isView(value) ? Array.from(value) : value;
const asked = JSON.parse(fs.readFileSync(0, "utf8"), revive);
const module = await import(asked.module);
let answer;
try {
  answer = { result: (await module[asked.name](...asked.arguments)) ?? null };
} catch (error) {
  answer = { error: error.message };
}
console.log(JSON.stringify(answer, replace));
"""


class JavaScriptError(Exception):
    """What a function of the page threw."""


def require(command, *others):
    """The path of a program; without it `.ci/run` fails and others skip."""
    for name in (command, *others):
        if path := shutil.which(name):
            return path
    message = f"The page's tests need {command}, which is not on the PATH."
    if "CI_RUN_STARTED" in os.environ:
        pytest.fail(message)
    pytest.skip(message)


def call(module, name, *arguments):
    """What a function of a module of the page returns.

    Args:
        module: file name in web/src.
        name: the exported function.
        *arguments: plain values, or bytes for a Uint8Array.

    Raises:
        JavaScriptError: if it throws.
    """
    asked = {
        "module": (WEB / "src" / module).as_uri(),
        "name": name,
        "arguments": arguments,
    }
    child = subprocess.run(
        [require("node"), "--input-type=module", "--eval", _CALL],
        check=True,
        input=json.dumps(asked, default=lambda value: {"bytes": list(value)}),
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    answer = json.loads(child.stdout)
    if "error" in answer:
        raise JavaScriptError(answer["error"])
    return answer["result"]


@contextlib.contextmanager
def served(folder):
    """The address that web/serve.js serves a folder at, and its process."""
    command = [require("node"), WEB / "serve.js", "--port", "0"]
    server = subprocess.Popen(
        [*command, "--directory", folder], stdout=subprocess.PIPE, text=True
    )
    try:
        yield server.stdout.readline().strip(), server
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
