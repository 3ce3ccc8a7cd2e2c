"""What Chromium itself says of the pages' speed, in a workspace with many models.

Run: `.venv/bin/python bench/pages_in_a_browser.py`. Every page is seen once with nothing kept from
before and once with what the browser keeps, as fast as it goes and as Lighthouse sees a phone: a
quarter of the CPU's speed, 150 ms away, 1.6 Mbit/s. Milliseconds: first byte, first paint, largest
paint, script that blocks for over 50 ms; then the shift of the layout (0 is none) and kilobytes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from http_api import free_port, process, wait_for
from pages import PAGES, fill
from playwright.sync_api import Browser, sync_playwright

import modelyard

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}
AWAY = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
LISTEN = """
window.seen = {largest: 0, shift: 0, blocked: 0};
const hear = (type, tell) => new PerformanceObserver(list => list.getEntries().forEach(tell))
  .observe({type, buffered: true});
hear('largest-contentful-paint', each => { seen.largest = each.startTime; });
hear('layout-shift', each => { if (!each.hadRecentInput) seen.shift += each.value; });
hear('longtask', each => { seen.blocked += Math.max(0, each.duration - 50); });
"""
ENTRIES = """
() => {
  const [page] = performance.getEntriesByType('navigation');
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const loaded = [page, ...performance.getEntriesByType('resource')];
  return [page.responseStart, paint ? paint.startTime : 0, seen.largest, seen.blocked, seen.shift,
          loaded.reduce((sum, each) => sum + each.transferSize, 0) / 1000];
}
"""
ROW = "{:44} {:>7.0f} {:>7.0f} {:>7.0f} {:>7.0f} {:>7.3f} {:>7.1f}"
HEAD = ("page", "byte", "paint", "largest", "blocked", "shift", "kB")


def main() -> None:
    """Print what the browser measured of each page."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        yard = modelyard.open(folder / "yard", actor="bench")
        fill(yard, folder)
        yard.close()
        port = free_port()
        words = [str(Path(sys.executable).with_name("modelyard")), "serve", "--no-auth"]
        words += ["--workspace", "yard", "--port", str(port)]
        with process(words, folder), sync_playwright() as playwright:
            wait_for(port, "/readyz")
            url = f"http://127.0.0.1:{port}"
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            for words, size, slow in (("desk", WIDE, False), ("phone, slowly", PHONE, True)):
                print(f"\n{words}\n" + ("{:44}" + " {:>7}" * 6).format(*HEAD))
                for path in sys.argv[1:] or PAGES:
                    first, again = seen(browser, url, path, size, slow=slow)
                    print(ROW.format(path, *first))
                    print(ROW.format("  seen again", *again))
            browser.close()


def seen(
    browser: Browser, url: str, path: str, size: dict[str, int], *, slow: bool
) -> list[list[float]]:
    """What the browser measured of a page seen for the first time, and then again."""
    context = browser.new_context(base_url=url, viewport=size, reduced_motion="reduce")
    page = context.new_page()
    if slow:
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", AWAY)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(LISTEN)
    found = []
    for _ in range(2):
        page.goto(path, wait_until="load")
        page.wait_for_timeout(500)
        found.append(page.evaluate(ENTRIES))
    context.close()
    return found


if __name__ == "__main__":
    main()
