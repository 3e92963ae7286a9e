"""The file of predictions has columns of different names, whatever the names of the classes are."""

import csv

import numpy as np
import pytest

import jnl
from jnl import cli


@pytest.mark.parametrize(
    ("classes", "columns"),
    [(("predicted", "input"), ["class predicted", "class input"]), (("cat", "dog"), ["cat", "dog"])],
)
@pytest.mark.filterwarnings("ignore:config.batch_size")
def test_a_class_with_the_name_of_a_column(classes, columns, tmp_path, recwarn):
    numbers = np.random.default_rng(0).normal(size=(80, 3))
    config = jnl.get_config("standard", "data=own,rate=0.1,quick")
    config.batch_size, config.seeds, config.epochs = 6, 1, 1
    dataset = jnl.from_arrays(numbers, np.arange(80) % 2, class_names=classes)
    history = jnl.run(config, tmp_path / "run", dataset=dataset)
    np.save(tmp_path / "new.npy", numbers)
    out = tmp_path / "out.csv"
    command = ["predict", str(tmp_path / "run"), str(tmp_path / "new.npy"), f"--out={out}", "--probabilities"]
    recwarn.clear()
    assert cli.main(command) == 0
    said = "classes have names of other columns ('predicted', 'input'), so the column of a class is called 'class NAME'"
    assert [str(warning.message) for warning in recwarn] == ([said] if classes[0] == "predicted" else [])
    with out.open() as file:
        header, *rows = csv.reader(file)
    assert header == ["input", "predicted", "probability", *columns]
    expected = history.predict_proba(numbers)
    np.testing.assert_allclose(np.array(rows)[:, 3:].astype(float), expected, atol=1e-6)
    assert rows[0][1] == classes[expected[0].argmax()]
