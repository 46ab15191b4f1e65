"""The samples and log-densities of a page that `fokker compare` wrote, side by side: docs/ring8.png. Needs Pillow.

    picture.py REPORT.html OUT.png [MODEL...]

The data and the truth are the first column, then a column for each model (all of them, unless some are named).
"""
import base64
import html
import io
import re
import sys

from PIL import Image

SIZE, GAP = 260, 16


def images(page):
    """Pictures by their description."""
    pairs = re.findall(r'<img[^>]*src="data:image/png;base64,([^"]+)"[^>]*alt="([^"]*)"', page)
    return {html.unescape(alt): opaque(Image.open(io.BytesIO(base64.b64decode(data)))) for data, alt in pairs}


def opaque(image):
    """On white."""
    image = image.convert("RGBA")
    sheet = Image.new("RGBA", image.size, "white")
    sheet.alpha_composite(image)
    return sheet.convert("RGB")


def main():
    report, out, *models = sys.argv[1:]
    with open(report, encoding="utf-8") as file:
        found = images(file.read())
    models = models or [name.removeprefix("samples of ") for name in found if name.startswith("samples of ")]
    columns = [("held-out data", "log-density of the truth")]
    columns += [(f"samples of {name}", f"log-density of {name}") for name in models]
    step = SIZE + GAP
    sheet = Image.new("RGB", (step * len(columns) - GAP, 2 * step - GAP), "white")
    for i, column in enumerate(columns):
        for j, name in enumerate(column):
            way = Image.Resampling.BICUBIC if found[name].width < SIZE else Image.Resampling.LANCZOS
            sheet.paste(found[name].resize((SIZE, SIZE), way), (i * step, j * step))
    sheet.save(out, optimize=True)


if __name__ == "__main__":
    main()
