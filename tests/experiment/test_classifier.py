"""The classifier of jnl is a scikit-learn estimator: its own checks, and the tools that people use it with."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import jnl

SMALL = jnl.NoisyLabelClassifier("standard", noise_rate=0.1, epochs=40, random_state=0)
CANNOT = {}  # name of a check -> why it cannot apply


@pytest.mark.slow
@parametrize_with_checks([SMALL], expected_failed_checks=lambda estimator: CANNOT)
def test_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    inputs, labels = load_digits(return_X_y=True)
    return inputs[:300], labels[:300]


@pytest.mark.slow
def test_it_learns_and_says_how(digits):
    inputs, labels = digits
    names = np.array([f"digit {label}" for label in labels])
    classifier = clone(SMALL).fit(inputs, names)
    assert classifier.classes_.tolist() == [f"digit {label}" for label in range(10)]
    assert classifier.score(inputs, names) > 0.9
    probabilities = classifier.predict_proba(inputs)
    assert probabilities.shape == (300, 10)
    np.testing.assert_array_equal(classifier.predict(inputs), classifier.classes_[probabilities.argmax(1)])
    assert classifier.history_.metrics["validation_accuracy"].shape == (1, 40, 1)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(inputs), probabilities)


@pytest.mark.slow
def test_the_same_state_gives_the_same_numbers(digits):
    inputs, labels = digits
    short = clone(SMALL).set_params(epochs=2)
    one, other = (clone(short).fit(inputs, labels).predict_proba(inputs) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    different = clone(short).set_params(random_state=1).fit(inputs, labels).predict_proba(inputs)
    assert not np.array_equal(one, different)


@pytest.mark.slow
def test_images_keep_their_shape(digits):
    inputs, labels = digits
    images = (inputs.reshape(-1, 8, 8) * 15).astype(np.uint8)
    classifier = clone(SMALL).set_params(epochs=2).fit(images, labels)
    assert classifier.history_.model.preparation.shape == (8, 8, 1)
    assert classifier.predict(images).shape == (300,)


@pytest.mark.slow
def test_a_method_that_needs_the_rate_of_noise_says_so(digits):
    classifier = jnl.NoisyLabelClassifier("coteaching", epochs=1, random_state=0)
    with pytest.warns(UserWarning, match="noise_rate: not set; coteaching takes 20% of the labels to be wrong"):
        classifier.fit(*digits)


@pytest.mark.slow
def test_the_tools_of_scikit_learn_take_it(digits):
    short = clone(SMALL).set_params(epochs=20)
    pipeline = make_pipeline(StandardScaler(), short)
    assert cross_val_score(pipeline, *digits, cv=3).mean() > 0.7
    search = GridSearchCV(short, {"strategy": ["standard", "jocor"]}, cv=2).fit(*digits)
    assert search.best_score_ > 0.7


@pytest.mark.slow
def test_fields_of_the_config_are_options(digits):
    grid = {"options": [{"optim.learning_rate": 1e-6}, {"optim.learning_rate": np.float32(1e-2)}]}
    search = GridSearchCV(clone(SMALL).set_params(epochs=5), grid, cv=2).fit(*digits)
    assert search.best_params_["options"]["optim.learning_rate"] == np.float32(1e-2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"strategy.co_lamda": 0.5}, "did you mean 'co_lambda'"),
        ({"noice.rate": 0.5}, "noice.rate does not exist, because noice has no fields"),
        ({"epochs": "many"}, "epochs"),
        ({"seeds": 2}, "options: 'seeds' is an argument of the classifier; give seeds=... instead"),
        ({"data.name": "digits"}, "options: 'data.name' has no effect on inputs that are arrays; leave it out"),
        ({"data.validation": 0.1, "data.range": "0,16"}, "options: 'data.range' has no effect"),
    ],
)
def test_a_wrong_field_is_told(options, said, digits):
    with pytest.raises(jnl.UserError, match=said):
        jnl.NoisyLabelClassifier(options=options, noise_rate=0.1).fit(*digits)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"noise_rate": 20}, "noise_rate: 20; give the share of labels that you believe to be wrong, such as 0.2"),
        ({"noise_rate": "0.2"}, "noise_rate: '0.2'"),
        ({"epochs": 0}, "epochs: 0; give a whole number of at least 1"),
        ({"epochs": 2.5}, "epochs: 2.5"),
        ({"batch_size": "8"}, "batch_size: '8'"),
        ({"seeds": (1, 2)}, r"seeds: \(1, 2\)"),
        ({"options": ["epochs"]}, "options: .*give fields with values"),
        ({"options": {1: 2}}, "options: .*give fields with values"),
    ],
)
def test_a_wrong_argument_is_told_by_its_name(arguments, said, digits):
    with pytest.raises(jnl.UserError, match=said):
        jnl.NoisyLabelClassifier(**{"noise_rate": 0.1, **arguments}).fit(*digits)
