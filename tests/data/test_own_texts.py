"""A user's own texts: a column of a table whose words are the inputs."""

import json
import unicodedata

import numpy as np
import pandas as pd
import pytest

import jnl
from jnl import cli, data
from jnl.data.readers import words
from jnl.support.errors import UserError

WORDS = {"Tiere": ["Katze", "Hündin", "Vögel", "bellt", "frißt"], "Wagen": ["Motor", "fährt", "Räder", "Öl", "bremst"]}
ROWS = 120


@pytest.fixture
def reviews(own):
    """Reviews of two kinds, with the number of a row, a date and their labels; the last tenth is for testing."""
    stream = np.random.default_rng(0)
    labels = stream.choice(sorted(WORDS), ROWS)
    spoken = [" ".join(stream.choice([*WORDS[label], "und", "die"], 8)) for label in labels]
    content = [f"{text}, {row}!" for row, text in enumerate(spoken)]
    table = pd.DataFrame({"id": range(ROWS), "review": content, "label": labels, "split": "train"})
    table.loc[ROWS - 12 :, "split"] = "test"
    table.to_csv(own / "reviews.csv", index=False)
    return table


def load(own, **options):
    return data.load("table", own / "reviews.csv", text="review", **options)


def test_inputs_are_the_words_in_any_alphabet(own, reviews):
    found = load(own, length=10)
    words = found.prepare.words
    assert found.train.inputs.shape == (ROWS - 12, 10) and found.test.inputs.shape == (12, 10)
    first = [words[token - 2] for token in found.train.inputs[0] if token > 1]
    assert first == reviews["review"][0].lower().replace(",", "").replace("!", "").split()
    assert {"hündin", "vögel", "öl"} <= set(words) and "119" not in words  # of a test text
    assert "the inputs are the words of column 'review': 120 different ones" in found.notes
    assert "columns left out, because the inputs are texts: 'id'" in found.notes


def test_signs_that_belong_to_a_letter_stay_in_its_word():
    """Vowels of Hindi and Arabic, and an accent for which there is no letter with it."""
    for text in ("हिन्दी में किताब", "عَرَبِيّ قَلَم", "a\u0300\u0301b 12"):
        assert words.of_any_language(text) == unicodedata.normalize("NFC", text).split()
    assert words.of_any_language("می\u200cخواهم سلام\u200c") == ["می\u200cخواهم", "سلام"]


def test_texts_that_are_cut_or_empty_are_counted(own, reviews):
    reviews.loc[3, "review"] = "..."
    reviews.loc[4, "review"] = None
    reviews.to_csv(own / "reviews.csv", index=False)
    with pytest.warns(UserWarning, match="data.text: 2 texts without a word"):
        found = load(own, length=5)
    assert any(note.startswith("106 texts of more than 5 words cut") for note in found.notes)
    assert not found.train.inputs[3:5].any()


def test_writing_without_spaces_is_doubted(own, reviews):
    reviews["review"] = [f"{'这只猫在院子里睡觉而那辆汽车' * 2}{chr(0x4E00 + row)}" for row in range(ROWS)]
    reviews.to_csv(own / "reviews.csv", index=False)
    with pytest.warns(UserWarning, match="jnl splits texts at spaces and signs alone; give embeddings"):
        load(own)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "revue"}, "data.text: no column 'revue'; the table has id, review, label, split"),
        ({"text": "review", "length": 7}, "data.length: 7; give a multiple of 5"),
        ({"text": "review", "vocabulary": 2}, "data.vocabulary: 2; give at least 3 words"),
        ({"length": 50}, "data.length: data.text names no column of texts, so it has no effect"),
        ({}, "if a column holds texts, set data.text to its name"),
    ],
)
def test_what_is_wrong_is_told(own, reviews, options, message):
    with pytest.raises(UserError, match=message):
        data.load("table", own / "reviews.csv", **options)


@pytest.mark.filterwarnings("ignore:config.batch_size")
def test_a_model_reads_new_texts_as_in_training(own, reviews):
    """From a table, a file of lines and Python; also after the training, from the workdir."""
    line = ["train", "--config=standard:data=table", f"--config.data.dir={own / 'reviews.csv'}", "--config.seeds=1"]
    line += ["--config.data.text=review", "--config.data.length=10", "--config.epochs=8", f"--workdir={own / 'run'}"]
    assert cli.main(line) == 0
    model = jnl.load(own / "run")
    tested = reviews[ROWS - 12 :]
    p = model.predict_proba(tested["review"].to_list())
    assert (np.array(model.class_names)[p.argmax(1)] == tested["label"]).mean() > 0.8
    np.testing.assert_array_equal(model.predict_proba(tested[["review"]]), p)
    with pytest.raises(jnl.UserError, match=r"inputs: texts of shape \[12, 1\]; give a list of texts"):
        model.predict_proba(tested[["review"]].to_numpy(str))
    with pytest.warns(
        UserWarning, match="inputs: 3 texts without a word that the model knows, first in row 1 .the first is 0"
    ):
        model.predict_proba(["Katze", "ball goal", "", "Motor 7 x", "soup"])
    (own / "new.txt").write_text("\n".join(tested["review"]))
    tested[["id", "review"]].to_csv(own / "new.csv", index=False)
    for name in ("new.txt", "new.csv"):
        assert cli.main(["predict", str(own / "run"), str(own / name), f"--out={own / 'out.csv'}"]) == 0
        np.testing.assert_allclose(pd.read_csv(own / "out.csv")["probability"], p.max(1), atol=1e-6)


def test_an_audit_finds_wrong_labels_of_texts(own, reviews):
    wrong = np.arange(0, ROWS, 9)
    reviews.loc[wrong, "label"] = reviews.loc[wrong, "label"].map({"Tiere": "Wagen", "Wagen": "Tiere"})
    reviews.drop(columns="split").to_csv(own / "reviews.csv", index=False)
    line = ["audit", str(own / "reviews.csv"), "--quick", "--set", "text=review", f"--out={own / 'out'}"]
    assert cli.main(line) == 0
    found = pd.read_csv(own / "out" / "suspects.csv")
    assert set(found["index"]) == set(wrong)
    assert json.dumps(reviews["review"][0])[1:-1] in (own / "out" / "index.html").read_text(encoding="utf-8")
