"""The copies in the browser of pages that share an origin."""

import re
import shutil

import pytest

from page_steps import open_ready

pytestmark = pytest.mark.browser
KEPT = "html[data-offline=ready]"
CACHES = """async () => {
  const counts = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    counts[name] = (await cache.keys()).length;
  }
  return counts;
}"""


def give_version(folder, version):
    """The page in a folder as another version of it; the former one."""
    (former,) = re.findall(
        r"[0-9a-f]{16}", (folder / "service_worker.js").read_text()
    )
    for name in ("page.js", "worker.js", "service_worker.js"):
        path = folder / name
        path.write_text(path.read_text().replace(former, version))
    return former


def test_a_page_keeps_its_hands_off_the_copies_of_another(
    new_page, build, served_page, tmp_path
):
    root, below = tmp_path / "root", tmp_path / "root" / "below"
    for folder in (root, below):  # one within the scope of the other
        shutil.copytree(build("float32"), folder)
    give_version(below, "b" * 16)
    title = below / "index.html"
    title.write_text(title.read_text().replace("<h1>", "<h1>Below: "))
    address = served_page(root)
    page = new_page()
    for part in ("", "below/"):
        open_ready(page, address + part)
        page.wait_for_selector(KEPT, state="attached")
        heading = page.get_by_role("heading", level=1).inner_text()
        assert heading.startswith("Below") == bool(part)
    first = page.evaluate(CACHES)
    assert sorted(name.split()[1] for name in first) == [
        address,
        f"{address}below/",
    ]
    assert len(set(first.values())) == 1
    give_version(below, "c" * 16)
    open_ready(page, f"{address}below/")  # finds the new version ...
    page.goto(address)  # ... which takes over once the old one is left
    gone = f"keras-fer {address}below/ {'b' * 16}"
    for _ in range(100):
        if gone not in page.evaluate("caches.keys()"):
            break
        page.wait_for_timeout(100)
    second = page.evaluate(CACHES)
    kept = {name for name in first if name != gone}
    assert set(second) == kept | {gone.replace("b" * 16, "c" * 16)}


def test_copies_come_from_the_server_not_from_the_browsers_older_ones(
    new_page, build, served_page, tmp_path
):
    folder = tmp_path / "page"
    shutil.copytree(build("float32"), folder)
    page = new_page()
    page.context.add_init_script(
        """{
          window.asked = [];
          const add = Cache.prototype.add;
          Cache.prototype.add = function (request) {
            window.asked.push(request.cache);
            return add.call(this, request);
          };
        }"""
    )
    open_ready(page, served_page(folder))
    page.wait_for_selector(KEPT, state="attached")
    asked = page.evaluate("window.asked")
    assert asked and set(asked) == {"reload"}
