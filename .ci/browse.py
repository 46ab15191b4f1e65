"""Opens pages in headless Chromium by its DevTools protocol and says what is wrong with them: browse.py PAGE... [--shots FOLDER].

On a desktop, a phone, in the dark and in print: no error, no request, every chart drawn and of one width, nothing wider than the screen
but what scrolls by itself. Nothing but the standard library is needed."""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe"
).split()

# name: width, height, phone or not, colour scheme
SCREENS = {
    "desktop": (1280, 900, False, "light"),
    "phone": (390, 844, True, "light"),
    "dark": (1280, 900, False, "dark"),
}

LOOK = """(() => {
  const size = e => { const r = e.getBoundingClientRect(); return [r.width, r.height]; };
  const charts = [...document.querySelectorAll('svg.chart')].map(size);
  const wide = [...document.querySelectorAll('body *')].filter(e => {
    if (e.closest('.scroll, pre') && !e.matches('.scroll, pre')) return false;
    const r = e.getBoundingClientRect();
    return r.width > 0 && r.right > innerWidth + 0.5;
  }).map(e => e.tagName + '.' + (e.getAttribute('class') || ''));
  const images = [...document.querySelectorAll('img')].filter(e => !e.complete || e.naturalWidth === 0).length;
  const cut = [...document.querySelectorAll('.scroll')].filter(
    e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'auto').length;
  return JSON.stringify({ charts, wide: wide.slice(0, 5), images, cut, scroll: document.documentElement.scrollWidth, inner: innerWidth,
    ground: getComputedStyle(document.body).backgroundColor });
})()"""


class Browser:
    """Chromium behind a pipe: messages are JSON, each with a zero byte at its end."""

    def __init__(self):
        self.home = tempfile.mkdtemp()
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        command = [shutil.which("chromium") or "chromium", *FLAGS, f"--user-data-dir={self.home}", "about:blank"]
        joined = ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *command]
        self.process = subprocess.Popen(joined, pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.rest, self.count, self.events = b"", 0, []

    def close(self):
        self.send("Browser.close")
        self.process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.rest:
            more = os.read(self.back, 1 << 20)
            if not more:
                sys.exit("chromium ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def send(self, method, session=None, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        left = json.dumps(message).encode() + b"\0"
        while left:
            left = left[os.write(self.to, left) :]
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer.get("result", {})
            self.events.append(answer)

    def wait(self, method, session):
        while not any(e.get("method") == method and e.get("sessionId") == session for e in self.events):
            self.events.append(self.receive())

    def visit(self, page, screen):
        """A tab with the page, what it asked for and what went wrong."""
        width, height, mobile, scheme = SCREENS[screen]
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        tab = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.send(f"{domain}.enable", tab)
        self.send("Emulation.setDeviceMetricsOverride", tab, width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.send("Emulation.setEmulatedMedia", tab, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.send("Page.navigate", tab, url=page.resolve().as_uri())
        self.wait("Page.loadEventFired", tab)
        return target, tab

    def look(self, tab):
        return json.loads(self.send("Runtime.evaluate", tab, expression=LOOK)["result"]["value"])

    def faults(self, page):
        """Errors and requests since the visit began."""
        own = page.resolve().as_uri()
        for event in self.events:
            method, of = event.get("method"), event.get("params", {})
            if method == "Log.entryAdded":
                yield f"log: {of['entry']['text']}"
            elif method == "Runtime.exceptionThrown":
                yield f"exception: {of['exceptionDetails']['text']}"
            elif method == "Runtime.consoleAPICalled":
                yield f"console.{of['type']}"
            elif method == "Network.requestWillBeSent":
                url = of["request"]["url"]
                if url != own and not url.startswith("data:"):
                    yield f"request: {url}"


def seen(found, screen):
    """What is wrong with a page as a screen has it."""
    charts = found["charts"]
    if not charts:
        yield "no chart"
    if any(min(size) < 40 for size in charts):
        yield f"a chart is not drawn: {charts}"
    widths = [size[0] for size in charts]
    if widths and max(widths) - min(widths) > 1:
        yield f"charts of several widths: {sorted(set(round(width) for width in widths))}"
    if found["scroll"] > found["inner"] or found["wide"]:
        yield f"wider than the screen: {found['scroll']} of {found['inner']}: {found['wide']}"
    if found["images"]:
        yield f"{found['images']} images are not drawn"
    if found["cut"]:
        yield f"{found['cut']} tables are cut off"
    red, green, blue = [int(part) for part in found["ground"].strip("rgb()").split(",")]
    if (red + green + blue < 380) != (screen == "dark"):
        yield f"the ground is {found['ground']}"


def check(browser, page, shots):
    wrong = []
    for screen in SCREENS:
        target, tab = browser.visit(page, screen)
        found = browser.look(tab)
        wrong += [f"{screen}: {what}" for what in [*browser.faults(page), *seen(found, screen)]]
        if shots:
            shot = browser.send("Page.captureScreenshot", tab, captureBeyondViewport=True)["data"]
            (shots / f"{page.parent.name}-{screen}.png").write_bytes(base64.b64decode(shot))
        if screen == "desktop":
            paper = base64.b64decode(browser.send("Page.printToPDF", tab, printBackground=False, paperWidth=8.27, paperHeight=11.69)["data"])
            if not paper.startswith(b"%PDF") or len(paper) < 10_000:
                wrong.append("print: no page")
            # What is printed: the lay-out of paper at A4's width between margins.
            browser.send("Emulation.setEmulatedMedia", tab, media="print")
            browser.send("Emulation.setDeviceMetricsOverride", tab, width=717, height=1040, deviceScaleFactor=1, mobile=False)
            wrong += [f"print: {what}" for what in seen(browser.look(tab), "print")]
            hidden = "[...document.querySelectorAll('.paper')].filter(e => e.getBoundingClientRect().height < 20).length"
            if browser.send("Runtime.evaluate", tab, expression=hidden)["result"]["value"]:
                wrong.append("print: the config is not open")
            if shots:
                (shots / f"{page.parent.name}-print.pdf").write_bytes(paper)
        browser.send("Target.closeTarget", targetId=target)
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--shots", type=pathlib.Path)
    args = parser.parse_args()
    if args.shots:
        args.shots.mkdir(parents=True, exist_ok=True)
    browser, bad = Browser(), 0
    for page in args.pages:
        wrong = check(browser, page, args.shots)
        bad += bool(wrong)
        print(f"{page}: {'well' if not wrong else ''}")
        for what in wrong:
            print(f"  {what}")
    browser.close()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
