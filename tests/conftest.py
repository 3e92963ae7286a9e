"""Shared by all tests: a fast compiler, strict warnings and shapes, small data."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers fill the cores; more threads would wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["JAX_TRACEBACK_IN_LOCATIONS_LIMIT"] = "0"  # programs that name no lines of code compile in 0.9 of the time

import jax
import pytest
from hypothesis import settings
from ml_collections import ConfigDict

from jnl.experiment.run import History, run
from jnl.parallel import runs_axis, tracing
from jnl.settings.published import get_config
from jnl.support.errors import UserError

# Compile time rules this suite; these flags make it half (results may differ in the last bits from a training's).
QUICK_COMPILER = "--xla_backend_optimization_level=0"
if jax.__version_info__ < (0, 11):  # later ones do not have this flag
    QUICK_COMPILER += " --xla_cpu_use_fusion_emitters=false"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {QUICK_COMPILER} --xla_force_host_platform_device_count=2"
# What several tests compile or decode, in this process or in one that they start, is made once for all.
if "PYTEST_XDIST_WORKER" not in os.environ:  # the workers have the folder of the process that starts them
    _KEPT = tempfile.TemporaryDirectory()  # goes when the session ends
    os.environ["JAX_COMPILATION_CACHE_DIR"] = f"{_KEPT.name}/compiled"
    os.environ["JNL_CACHE_DIR"] = f"{_KEPT.name}/decoded"  # not the user's cache
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_numpy_rank_promotion", "raise")
gc.set_threshold(50_000, 20, 50)  # to look for garbage as often as by default takes 1 / 15 of the time
settings.register_profile("jnl", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("jnl")

_ENDED = pytest.StashKey[int]()
ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv("JNL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def forget():
    """Forget what was traced and compiled."""
    for function in (runs_axis._program, runs_axis._batched, tracing._trace):
        function.cache_clear()


@pytest.fixture
def monkeypatch():
    """The fixture of pytest. A test that replaces code uses no program that was compiled before, and leaves none."""
    replaced = []
    with pytest.MonkeyPatch.context() as patch:
        replace = patch.setattr

        def replace_and_forget(*what: object, **options: object) -> None:
            replace(*what, **options)
            replaced.append(what)
            forget()

        patch.setattr = replace_and_forget
        yield patch
    if replaced:
        forget()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of prepared real data sets."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no prepared data sets in {SHARED_DATA}")
    return SHARED_DATA


def pytest_collection_modifyitems(items):
    """Marks as slow all tests that read real data sets."""
    for item in items:
        if "shared_data" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


def pytest_runtest_teardown(item):
    """Forgets the compiled programs if there are many. Each has memory maps, and a process may have 65,530 of them."""
    item.session.stash[_ENDED] = item.session.stash.get(_ENDED, 0) + 1
    if item.session.stash[_ENDED] % 20 == 0 and _memory_maps() > 20_000:
        jax.clear_caches()


def _memory_maps() -> int:
    maps = Path("/proc/self/maps")
    return len(maps.read_text().splitlines()) if maps.exists() else 0


def slow_but(quick: str, names: Iterable[str]) -> list[object]:
    """Parameters that are all marked slow, except the `quick` ones, which are words of one string."""
    return [pytest.param(name, marks=[] if name in quick.split() else pytest.mark.slow) for name in names]


def quick(strategy: str = "jocor", **fields: object) -> ConfigDict:
    """A training of a second: `fields` are names such as optim__learning_rate."""
    config = get_config(strategy, "quick")
    for name, value in fields.items():
        *parents, leaf = name.split("__")
        inner = config
        for parent in parents:
            inner = inner[parent]
        inner[leaf] = value
    return config


@pytest.fixture(scope="session")
def jocor_history() -> History:
    """Three epochs of two runs of JoCoR on digits."""
    return run(quick("jocor"))


def judge(run, *given, **options):
    """What `run` gives; None if it says in one printable line what is wrong."""
    try:
        return run(*given, **options)
    except UserError as error:
        assert str(error).isprintable() and 0 < len(str(error)) <= 2000
        return None


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    driver = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium")
    options = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with driver.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=options)
        yield started
        started.close()


@pytest.fixture
def open_in_browser(browser):
    """Opens a file in a window of some width, and checks that nothing was wrong and that it asked for nothing else."""
    contexts, wrong, asked = [], [], []

    def open_page(path, width=1280, scheme="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)


def accessibility_violations(page):
    """What axe finds wrong on an open page. `AXE` is the path of axe-core's `axe.min.js`."""
    axe = os.environ.get("AXE")
    if not axe:
        pytest.skip("AXE is not the path of axe.min.js")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate(Path(axe).read_text())
    return page.evaluate("async () => (await axe.run()).violations.map(one => [one.id, one.nodes.map(n => n.html)])")


@pytest.fixture(scope="session")
def image_audit():
    """An audit of small images, see `helpers.audits`."""
    from helpers.audits import audit_of_images

    return audit_of_images()


@pytest.fixture(scope="session")
def audit_page(image_audit, tmp_path_factory):
    """The page of that audit."""
    folder = tmp_path_factory.mktemp("audit")
    image_audit.save(folder)
    return folder / "index.html"
