"""What a user gives to an audit instead of inputs: embeddings, and probabilities with or without names."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

import jnl
from jnl import noise
from jnl.label_audit.audit import audit


@pytest.fixture(scope="module")
def digits():
    """600 digits, their labels (30 % of them are wrong), and probabilities: each true class has 0.91."""
    inputs, labels = load_digits(return_X_y=True)
    inputs, labels = inputs[:600], labels[:600]
    p = np.full((600, 10), 0.01)
    p[np.arange(600), labels] = 0.91
    return inputs, noise.draw("symmetric", labels, 10, 0.3, 0), p


@pytest.mark.parametrize(("shift", "dtype"), [(1e4, np.float32), (1e4, np.float64), (1.7e9, np.float64)])
def test_features_may_be_far_from_zero(digits, shift, dtype):
    inputs, labels, _ = digits
    centered = audit(features=inputs - np.median(inputs, 0), labels=labels).examples
    moved = audit(features=inputs.astype(dtype) + dtype(shift), labels=labels)
    np.testing.assert_allclose(moved.examples["probability"], centered["probability"], atol=1e-3)
    assert (moved.examples[["outlier", "duplicate_of"]] == centered[["outlier", "duplicate_of"]]).all(axis=None)


def test_features_of_inputs_may_be_far_from_zero(digits):
    inputs, labels, _ = digits
    far = jnl.from_arrays(np.float32(inputs + 1e4), labels, kind="features", standardize=False)
    assert not audit(dataset=far, quick=True).examples["outlier"].any()


def test_names_of_classes_may_be_an_array():
    p = [[0.9, 0.1]] * 6 + [[0.1, 0.9]] * 6
    found = audit(pred_probs=p, labels=["a"] * 6 + ["b"] * 6, class_names=np.array(["a", "b"]))
    assert found.class_names == ("a", "b")
    assert audit(pred_probs=p, labels=["a"] * 6 + ["b"] * 6, class_names=None).class_names == ("a", "b")


def test_columns_of_probabilities_may_have_the_names_of_the_classes(digits):
    _, labels, p = digits
    names = np.array([f"class {number}" for number in range(10)])
    frame = pd.DataFrame(p, columns=names)
    found = audit(pred_probs=frame[reversed(names)], labels=names[labels])
    pd.testing.assert_frame_equal(found.examples, audit(pred_probs=p, labels=names[labels]).examples)
    with pytest.raises(jnl.UserError, match="pred_probs: the columns are .*p_class 0.*; name the columns after"):
        audit(pred_probs=frame.add_prefix("p_"), labels=names[labels])


def test_columns_of_probabilities_may_have_the_numbers_of_the_classes(digits):
    _, labels, p = digits
    expected = audit(pred_probs=p, labels=labels).examples
    for columns in (range(10), [str(number) for number in range(10)]):
        frame = pd.DataFrame(p, columns=columns)
        pd.testing.assert_frame_equal(audit(pred_probs=frame[columns[::-1]], labels=labels).examples, expected)


def test_labels_may_begin_at_1(digits):
    _, labels, p = digits
    from_0, from_1 = audit(pred_probs=p, labels=labels), audit(pred_probs=p, labels=labels + 1)
    assert list(from_1.class_names) == [str(number) for number in range(1, 11)]
    for column in ("given", "suggested"):
        assert (from_1.examples[column].astype(int) == from_0.examples[column] + 1).all()
    frame = pd.DataFrame(p, columns=range(1, 11))[range(10, 0, -1)]
    pd.testing.assert_frame_equal(audit(pred_probs=frame, labels=labels + 1).examples, from_1.examples)
    with pytest.raises(jnl.UserError, match="pred_probs: the columns are '10', .*, but the classes are '0'"):
        audit(pred_probs=frame, labels=labels)


NAMES = np.array(["x", "a", "z", "b", "y", "c", "w", "d", "v", "e"])  # of the digits, not in alphabetical order


def test_columns_of_probabilities_are_in_the_order_of_the_categories(digits):
    _, labels, p = digits
    found = audit(pred_probs=p, labels=pd.Categorical(NAMES[labels], NAMES))
    assert list(found.class_names) == found.classes["given"].tolist() == list(NAMES)
    assert found.suspects["index"].tolist() == audit(pred_probs=p, labels=labels).suspects["index"].tolist()


def test_a_category_without_an_example_may_have_a_column(digits):
    _, labels, p = digits
    with pytest.warns(UserWarning, match="1 of 11 classes have no example: 'unused'"):
        found = audit(pred_probs=np.insert(p, 0, 0, axis=1), labels=pd.Categorical(NAMES[labels], ["unused", *NAMES]))
    assert list(found.class_names) == ["unused", *NAMES]
    assert found.noise_rate == pytest.approx(0.33, abs=0.03)


def test_categories_without_an_example_may_have_no_column(digits):
    _, labels, p = digits
    with pytest.warns(UserWarning, match="pred_probs: no column for the categories without an example, .*: 'unused'"):
        found = audit(pred_probs=p, labels=pd.Categorical(NAMES[labels], ["unused", *NAMES]))
    assert list(found.class_names) == list(NAMES)
    with pytest.raises(jnl.UserError, match="pred_probs: 11 columns for 12 classes"):
        audit(pred_probs=np.insert(p, 0, 0, axis=1), labels=pd.Categorical(NAMES[labels], ["no", "unused", *NAMES]))


def test_texts_of_numbers_are_in_the_order_of_their_values(digits):
    _, labels, p = digits
    found = audit(pred_probs=p, labels=[str(8 + label) for label in labels])  # "10" is after "9"
    assert found.suspects["index"].tolist() == audit(pred_probs=p, labels=labels).suspects["index"].tolist()


def test_columns_in_alphabetical_order_are_doubted_if_the_classes_have_another(digits):
    _, labels, p = digits
    with pytest.warns(UserWarning, match="pred_probs: the columns were read as the classes 'x', .* predict 67%: give"):
        audit(pred_probs=p[:, np.argsort(NAMES)], labels=pd.Categorical(NAMES[labels], NAMES))
