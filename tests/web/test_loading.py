"""Slow networks, none, and others' servers."""

import http.server
import json
import threading
import time

import pytest

from javascript import served
from page_steps import choose
from page_steps import open_ready
from page_steps import shown_faces

pytestmark = pytest.mark.browser
MODEL = "/models/expressions.tflite"
CAMERA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


class SlowServer(http.server.ThreadingHTTPServer):
    """Gives the model drop by drop, or only the half of it.

    Attributes:
        seconds: for the whole model.
        cut: whether to stop in the middle.
    """

    seconds, cut, daemon_threads = 0.0, False, True

    def __init__(self, folder):
        def handler(*arguments):
            return SlowHandler(*arguments, directory=folder)

        super().__init__(("127.0.0.1", 0), handler)


class SlowHandler(http.server.SimpleHTTPRequestHandler):
    def copyfile(self, source, outputfile):
        if self.path != MODEL:
            return super().copyfile(source, outputfile)
        content = source.read()
        step = len(content) // 20
        for part in range(10 if self.server.cut else 21):
            outputfile.write(content[part * step : (part + 1) * step])
            time.sleep(self.server.seconds / 20)
        self.close_connection = True

    def log_message(self, *arguments):
        """Tests are quiet."""


@pytest.fixture
def slow(build):
    server = SlowServer(build("float32"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_slow_load_shows_how_far_it_is_and_keeps_the_photo(
    new_page, slow, portrait_file
):
    server, address = slow
    server.seconds = 60.0  # until enough was seen
    page = new_page()
    page.goto(address)
    progress = page.get_by_role("progressbar", name="Loading the networks")
    progress.wait_for()
    page.set_input_files("#file", portrait_file)
    page.wait_for_selector("#stage[data-mode=photo]")
    shares = []
    while progress.is_visible() and len(set(shares)) < 3:
        text = progress.evaluate(
            "(bar) => JSON.stringify([bar.value, bar.max])"
        )
        value, most = json.loads(text)
        shares.append(value / most)
        page.wait_for_timeout(400)
    assert page.get_by_role("status").inner_text() == "Looking for faces ..."
    server.seconds = 0.0
    assert shares == sorted(shares) and shares[-1] > shares[0]
    page.wait_for_selector("#speed:not(:empty)")
    assert len(shown_faces(page)) == 1


def test_a_load_that_breaks_off_can_be_tried_again(
    new_page, slow, portrait_file
):
    server, address = slow
    server.cut = True
    page = new_page(*CAMERA)
    page.goto(address)
    alert = page.get_by_role("alert")
    problem = alert.get_by_text("The networks could not be loaded")
    problem.wait_for()
    page.get_by_role("button", name="Use the camera").click()
    problem.wait_for()
    assert alert.get_by_role("button", name="Try again").is_visible()
    assert page.get_by_role("status").inner_text() == ""
    assert page.get_by_role("button", name="Use the camera").is_visible()
    assert page.evaluate("document.querySelector('#video').srcObject") is None
    page.set_input_files("#file", portrait_file)
    page.wait_for_selector("#stage[data-mode=photo]")
    server.cut = False
    alert.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#speed:not(:empty)")
    assert len(shown_faces(page)) == 1
    assert not alert.is_visible()


def test_it_works_without_a_network_after_the_first_load(
    new_page, build, portrait_file
):
    with served(build("float32")) as (address, server):
        page = new_page()
        open_ready(page, address)
        online = choose(page, portrait_file)
        page.wait_for_selector("html[data-offline=ready]", state="attached")
        server.kill()
        server.wait()
        page.reload()
        page.wait_for_selector("#loading", state="hidden")
        offline = choose(page, portrait_file)
    assert [face["probabilities"] for face in offline] == [
        face["probabilities"] for face in online
    ]


def test_no_other_server_is_asked_and_none_can_be(
    new_page, address, portrait_file
):
    page = new_page()
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    open_ready(page, address)
    choose(page, portrait_file)
    page.wait_for_selector("html[data-offline]", state="attached")
    assert len(asked) > 8
    for url in asked:
        assert url.startswith((address, f"blob:{address}")), url
    # By the page's own policy, in whatever way.
    for attempt in (
        "fetch('http://127.0.0.1:9/')",
        "new Promise((yes, no) => { const image = new Image();"
        " image.onload = yes; image.onerror = no;"
        " image.src = 'http://127.0.0.1:9/x.png'; })",
    ):
        refused = page.evaluate(
            f"""async () => {{
              const refused = new Promise((resolve) =>
                document.addEventListener(
                  "securitypolicyviolation",
                  (event) => resolve(event.effectiveDirective),
                  {{ once: true }},
                ),
              );
              {attempt}.catch(() => null);
              const late = new Promise((resolve) =>
                setTimeout(() => resolve("nothing refused"), 5000),
              );
              return Promise.race([refused, late]);
            }}"""
        )
        assert refused in ("connect-src", "img-src")


def test_it_can_be_installed(new_page, address):
    page = new_page()
    open_ready(page, address)
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    described = json.loads(manifest["data"])
    assert described["display"] == "standalone"
    for icon in described["icons"]:
        size = page.evaluate(
            """async (source) => {
              const answer = await fetch(source);
              const bitmap = await createImageBitmap(await answer.blob());
              return `${bitmap.width}x${bitmap.height}`;
            }""",
            icon["src"],
        )
        assert size == icon["sizes"]
    page.wait_for_selector("html[data-offline=ready]", state="attached")
    errors = session.send("Page.getInstallabilityErrors")
    reasons = {error["errorId"] for error in errors["installabilityErrors"]} - {
        "in-incognito"
    }  # as Playwright's pages are
    assert not reasons
