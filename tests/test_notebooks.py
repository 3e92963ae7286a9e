"""The notebooks run from top to bottom in a fresh kernel, and so does the command `%run train.py`."""

import re

import pytest
from conftest import QUICK_COMPILER, ROOT, SHARED_DATA

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def as_users_have_it(monkeypatch):
    """The kernel gets the environment of this process, with one device."""
    monkeypatch.setenv("XLA_FLAGS", QUICK_COMPILER)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    if SHARED_DATA.is_dir():  # as if these were in the default folder
        monkeypatch.setenv("TFDS_DATA_DIR", str(SHARED_DATA))


def executed(notebook, folder):
    """Return the text that each cell prints."""
    nbclient.NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(folder)}}).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in cells]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook(path, tmp_path):
    notebook = nbformat.read(path, 4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # outputs are not part of the repository
    printed = executed(notebook, tmp_path)
    if path.stem == "first_steps":
        assert "labels are suspect" in printed[-2]
        assert float(printed[-1].split()[-2]) > 80
    if path.stem == "label_audit":
        given, corrected = (float(share) for share in re.findall(r"([\d.]+)% of the test images", printed[-2]))
        assert corrected > given + 5
        suspects, suspected = (float(share) for share in re.findall(r"([\d.]+)% of the", printed[-1])[:2])
        assert suspects > 90 and suspected > 90
    if path.stem == "many_seeds":
        assert re.findall(r"strategy.forget_rate=(\S+)", "".join(printed)) == ["0.0", "0.2", "0.4", "0.6"]
        assert (tmp_path / "report" / "index.html").exists()
    if path.stem == "own_network_and_method":
        assert float(printed[-1].split()[-2]) > 80
    if path.stem == "table_2":
        assert re.search(r"jocor +96.64 ± 0.12 +\d", printed[-2])
        assert (tmp_path / "report" / "index.html").exists()


def test_all_notebooks_begin_with_the_same_installation_and_stay_in_their_kernel():
    cells = [[cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"] for path in NOTEBOOKS]
    assert len({of_one[0] for of_one in cells}) == 1 and '"jaxlib"' in cells[0][0]
    lines = [line for of_one in cells for source in of_one for line in source.splitlines()]
    assert not any(line.startswith(("!", "%pip")) for line in lines)


@pytest.mark.slow
def test_the_command_in_a_notebook():
    """Also twice in one kernel, and a mistake is one line."""
    cells = ["%run train.py --config=configs/jocor.py:quick"] * 2 + ["%run train.py --config=joco"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    first, second, mistake = executed(notebook, ROOT)
    assert "last 10" in first and "last 10" in second
    assert "did you mean 'jocor'" in mistake and "Traceback" not in mistake
