"""Pages in a real Chromium, as somebody sees them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
NARROWEST = 360
NAMED = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
  return { headings: document.querySelectorAll("h1").length, twice };
}"""
"""How many headings a page has, and which ids stand in it more than once."""
LOOKS = (("wide", WIDE, "light"), ("phone", PHONE, "dark"))
MORE_LOOKS = (("wide", WIDE, "dark"), ("phone", PHONE, "light"))
"""Those that only pictures are taken of."""
SERIOUS = {"serious", "critical"}
AXE = {"resultTypes": ["violations"]}
"""Of what is right, it need not tell all."""
PATIENCE = 60_000
"""Milliseconds that anything may take which is waited for."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: install it ('make browser'), pages are not tested")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


class Visitor:
    """A browser window of somebody's; whatever its console complains of is kept."""

    def __init__(self, browser: Browser, url: str, **options) -> None:
        self.context = browser.new_context(base_url=url, viewport=WIDE, **options)
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))

    def sign_in(self, name: str, password: str) -> None:
        """As a person does."""
        self.page.goto("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def look_at(self, path: str, shots: Path | None = None) -> None:
        """See a page wide and narrow, light and dark; it fits, and readers of screens get along."""
        page = self.page
        name = path.strip("/").replace("/", "-").partition("?")[0] or "home"
        page.emulate_media(reduced_motion="reduce")
        page.goto(path)
        for look, size, theme in (*LOOKS, *(MORE_LOOKS if shots else ())):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            page.wait_for_function("document.fonts.status === 'loaded'")
            if shots is not None:
                page.screenshot(
                    path=shots / f"{name}-{look}-{theme}.png", full_page=True, caret="initial"
                )
            if (look, size, theme) in LOOKS:
                self.require_accessible(path)
        assert page.evaluate(NAMED) == {"headings": 1, "twice": []}, path
        page.set_viewport_size({"width": NARROWEST, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, path
        page.set_viewport_size(WIDE)
        assert self.complaints == [], (path, self.complaints)

    def require_accessible(self, path: str) -> None:
        """Nothing that axe calls serious is wrong with the page as it is."""
        found = Axe().run(self.page, options=AXE).response["violations"]
        told = [
            f"{each['id']}: {[node['html'][:160] for node in each['nodes']][:3]}"
            for each in found
            if each["impact"] in SERIOUS
        ]
        assert told == [], path

    def close(self) -> None:
        self.context.close()

    def _hear(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)
