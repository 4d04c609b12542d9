import io
import re

import pytest
from PIL import Image

from page_steps import choose
from page_steps import open_ready
from page_steps import shown_faces

pytestmark = pytest.mark.browser
FAKE = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"
SIZE = (640, 480)


@pytest.fixture(scope="module")
def video(portrait, tmp_path_factory):
    """A film for Chromium's fake camera: she moves to the right, and back."""
    path = tmp_path_factory.mktemp("video") / "camera.mjpeg"
    small = portrait.resize((400, 469))
    with path.open("wb") as file:
        for shift in (0, 10, 20, 30, 20, 10):
            frame = Image.new("RGB", SIZE, (70, 90, 100))
            frame.paste(small, (20 + shift, 5))
            stream = io.BytesIO()
            frame.save(stream, "JPEG", quality=95)
            file.write(stream.getvalue())
    return path


@pytest.fixture
def camera_page(new_page, address, video):
    page = new_page(FAKE, ALLOWED, f"--use-file-for-fake-video-capture={video}")
    open_ready(page, address)
    return page


def test_the_camera_gives_boxes_and_bars_that_live(camera_page, screenshots):
    page = camera_page
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_text("frames a second").wait_for()
    rate = re.search(r"([\d.]+) frames a second", page.inner_text("#speed"))
    assert float(rate[1]) > 0
    seen = set()
    for _ in range(60):
        faces = shown_faces(page)
        if faces:
            (face,) = faces
            # At the left of the picture that the network sees, not mirrored.
            assert 120 < face["box"][0] < 260
            seen.add(face["box"][0])
        if len(seen) >= 3:
            break
        page.wait_for_timeout(100)
    assert len(seen) >= 3
    page.screenshot(path=screenshots / "camera.png")
    page.get_by_role("button", name="Stop the camera").click()
    assert shown_faces(page) == []
    assert page.get_by_role("status").inner_text() == "The camera is off."
    assert page.evaluate("document.querySelector('#video').srcObject") is None


def test_a_photo_takes_the_place_of_the_camera(camera_page, portrait_file):
    page = camera_page
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_text("frames a second").wait_for()
    page.set_input_files("#file", portrait_file)
    page.wait_for_selector("#stage[data-mode=photo]")
    page.locator("#speed", has_text=re.compile("^finding")).wait_for()
    assert len(shown_faces(page)) == 1
    assert page.get_by_role("button", name="Use the camera").is_visible()


def test_a_photo_that_gave_way_to_the_camera_is_not_looked_at(
    camera_page, portrait_file
):
    page = camera_page
    assert len(choose(page, portrait_file)) == 1
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_text("frames a second").wait_for()
    page.get_by_role("button", name="Stop the camera").click()
    page.get_by_text("Options").click()
    page.get_by_label("The photo is one face").check()
    assert page.get_by_role("status").inner_text() == "The camera is off."
    assert shown_faces(page) == []


def test_a_refused_camera_says_what_to_do(new_page, address, portrait_file):
    page = new_page(FAKE, "--deny-permission-prompts")
    open_ready(page, address)
    page.get_by_role("button", name="Use the camera").click()
    alert = page.get_by_role("alert")
    alert.get_by_text("The camera was refused.").wait_for()
    assert "choose a photo" in alert.inner_text()
    assert page.get_by_role("button", name="Use the camera").is_visible()


def test_no_camera_says_so(new_page, address):
    page = new_page(ALLOWED)
    open_ready(page, address)
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("alert").get_by_text("No camera was found").wait_for()


def live_tracks(page):
    return page.evaluate(
        """() => streams.flatMap((stream) => stream.getTracks())
          .filter((track) => track.readyState === "live").length"""
    )


@pytest.mark.parametrize("delays", [(600, 100), (100, 600)])
def test_two_clicks_leave_one_camera_on_and_then_none(delays, camera_page):
    page = camera_page
    page.evaluate(
        """(delays) => {
          window.streams = [];
          const devices = navigator.mediaDevices;
          const ask = devices.getUserMedia.bind(devices);
          devices.getUserMedia = async (asked) => {
            const delay = delays.shift();
            const stream = await ask(asked);
            await new Promise((resolve) => setTimeout(resolve, delay));
            streams.push(stream);
            return stream;
          };
        }""",
        list(delays),
    )
    page.evaluate(
        "() => { for (const _ of [1, 2]) document.querySelector('#camera')"
        ".click(); }"
    )
    page.wait_for_function("() => streams.length === 2")
    page.get_by_text("frames a second").wait_for()
    assert live_tracks(page) == 1
    page.get_by_role("button", name="Stop the camera").click()
    assert live_tracks(page) == 0


def test_a_camera_stopped_while_cameras_are_counted_stays_off(camera_page):
    page = camera_page
    page.evaluate(
        """() => {
          navigator.mediaDevices.enumerateDevices = () =>
            new Promise((resolve) => {
              const one = { kind: "videoinput" };
              window.count = () => resolve([one, one]);
            });
        }"""
    )
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Stop the camera").click()
    page.evaluate("count()")
    assert page.get_by_role("status").inner_text() == "The camera is off."
    assert not page.get_by_role("button", name="Other camera").is_visible()


def test_a_camera_that_is_taken_away_says_so(camera_page):
    page = camera_page
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_text("frames a second").wait_for()
    page.evaluate(
        """() => {
          const { srcObject } = document.querySelector("#video");
          const [track] = srcObject.getTracks();
          track.dispatchEvent(new Event("ended"));
        }"""
    )
    alert = page.get_by_role("alert")
    alert.get_by_text("The camera stopped giving pictures").wait_for()
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_text("frames a second").wait_for()
    assert not alert.is_visible()
