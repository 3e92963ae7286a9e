"""Take the picture of an audit's page for the README: `python docs/audit_picture.py`.

The data are the digits of scikit-learn. A random 30 % of them get another label. The script needs Playwright, Chromium
and Pillow.
"""

import io
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from sklearn.datasets import load_digits

import jnl

PICTURE = Path(__file__).parent / "figures" / "audit_page.png"
SIDE = 32  # of an image; digits have 8 x 8 pixels
COLORS = 256  # of the picture, so that its file is small


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return images u8[N, SIDE, SIDE] and labels i64[N] with noise."""
    images, true = load_digits(return_X_y=True)
    large = [Image.fromarray(image).resize((SIDE, SIDE)) for image in (images.reshape(-1, 8, 8) * 15).astype(np.uint8)]
    return np.stack([np.asarray(image) for image in large]), jnl.noise.corrupt(
        true, jnl.noise.transition("symmetric", 10, 0.3), seed=0
    )


def main() -> None:
    """Audit the digits and take the picture."""
    images, labels = digits()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        jnl.audit(images, labels).save(folder, {"data": "digits"})
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        page.goto((Path(folder) / "index.html").as_uri())
        page.locator("article").first.wait_for()
        taken = page.screenshot()
        browser.close()
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLORS).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
