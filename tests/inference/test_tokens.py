"""A token that the network does not know is refused, because JAX would take another one for it."""

import numpy as np
import pytest

import jnl
from jnl import cli
from jnl.experiment.build import build


@pytest.fixture(scope="module")
def tokens():
    """Tokens from 0 to 9 of two classes."""
    labels = np.arange(80) % 2
    return np.random.default_rng(0).integers(0, 5, (80, 10)) + 5 * labels[:, None], labels


def config_of(**fields):
    config = jnl.get_config("standard", "data=own,rate=0.1,quick")
    config.update({"batch_size": 6, "seeds": 1, "epochs": 1, **fields})
    return config


def test_of_new_inputs(tokens, tmp_path, capsys):
    inputs, labels = tokens
    history = jnl.run(config_of(), tmp_path / "run", dataset=jnl.from_arrays(inputs, labels, kind="tokens"))
    assert history.predict_proba(inputs).shape == (80, 2)
    inputs = inputs.copy()
    inputs[7, 3] = 10
    said = r"inputs: token 10 in row 7 \(the first is 0\), but the model knows tokens up to 9; leave such tokens out"
    for model in (history.model, jnl.load(tmp_path / "run")):
        with pytest.raises(jnl.UserError, match=said):
            model.predict_proba(inputs)
    np.save(tmp_path / "tokens.npy", inputs)
    assert cli.main(["predict", str(tmp_path / "run"), str(tmp_path / "tokens.npy")]) == 2
    assert "error: inputs: token 10 in row 7" in capsys.readouterr().err


def test_of_the_data(tokens):
    dataset = jnl.from_arrays(*tokens, kind="tokens")
    said = "model.vocabulary: 8, but the data have tokens up to 9; give at least 10"
    with pytest.raises(jnl.UserError, match=said):
        jnl.run(config_of(model={"name": "newsnet", "vocabulary": 8}), dataset=dataset)
    with pytest.raises(jnl.UserError, match=said):
        jnl.run(config_of(), dataset=dataset, model=jnl.models.make("newsnet", 2, vocabulary=8))


def test_a_larger_vocabulary_leaves_room_for_tokens_that_training_has_not(tokens):
    inputs, labels = tokens
    config = config_of(model={"name": "newsnet", "vocabulary": 30})
    history = jnl.run(config, dataset=jnl.from_arrays(inputs, labels, kind="tokens"))
    assert history.predict_proba(inputs + 20).shape == (80, 2)


def test_known_words_have_vectors_although_no_example_that_is_left_has_them(tokens):
    dataset = jnl.from_arrays(*tokens, kind="tokens")
    known = tuple(f"word{number}" for number in range(15))
    dataset = dataset._replace(preparation=dataset.preparation._replace(words=known))
    (program,) = build(config_of(), lambda *_, **__: dataset)
    assert program.model_options["vocabulary"] == 17
