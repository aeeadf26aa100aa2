"""Debian's Chromium without a screen, for tests that open a page from disk."""

import base64
import json
import shutil
import time

import pytest

BINARIES = {name: shutil.which(name) for name in ("chromium", "chromedriver")}


def needs_chromium():
    """Skip where the browser or its driver is missing."""
    pytest.importorskip("selenium")
    if missing := [name for name, path in BINARIES.items() if not path]:
        pytest.skip(f"there is no {' and no '.join(missing)}: apt-get install chromium chromium-driver")


class Browser:
    """One tab, and everything that went wrong or was asked for in it."""

    def __init__(self):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = BINARIES["chromium"]
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(BINARIES["chromedriver"])
        self.driver = webdriver.Chrome(options=options, service=service)
        self.said, self.asked = [], []

    def open(self, page, *, width=1400, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.driver.get(page.resolve().as_uri())

    def call(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, script, seconds=600):
        """Return what `script` returns as soon as it is true."""
        end = time.monotonic() + seconds
        while not (found := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.05)
        return found

    def picture(self):
        """Return the bytes of a PNG of the whole page."""
        size = self.run("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        found = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(found["data"])

    def gather(self):
        """Read the console and the requests since the last time."""
        self.said += [entry["message"] for entry in self.driver.get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        self.asked += [
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        ]
