"""Features of the inputs: images by their parts, texts by their topics, numbers as they are."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier

import jnl
from jnl.label_audit import patches
from jnl.label_audit.features import features_of
from jnl.label_audit.neighborhood import nearest


def images(*shape):
    return np.random.default_rng(0).integers(0, 256, (20, *shape), np.uint8)


def of_images(inputs):
    return features_of(jnl.from_arrays(inputs, np.arange(len(inputs)) % 2, kind="images"))


@pytest.fixture(scope="module")
def moved():
    """Digits of 8 x 8 pixels at different places of images of 20 x 20 pixels."""
    small, labels = load_digits(return_X_y=True)
    large, stream = np.zeros((800, 20, 20), np.uint8), np.random.default_rng(0)
    for image, digit, (row, column) in zip(large, small, stream.integers(4, 9, (800, 2)), strict=False):
        image[row : row + 8, column : column + 8] = digit.reshape(8, 8) * 15
    return large, labels[:800]


class TestImages:
    @pytest.fixture(autouse=True)
    def few_patches(self, monkeypatch):
        monkeypatch.setattr(patches, "_SAMPLE", 5000)

    def test_classes_are_easier_to_tell_than_by_pixels(self, moved):
        inputs, labels = moved
        right = [
            RidgeClassifier(100).fit(each[:600], labels[:600]).score(each[600:], labels[600:])
            for each in (inputs.reshape(800, -1), of_images(inputs))
        ]
        assert right[1] > right[0] + 0.1 and right[1] > 0.9

    def test_contrast_and_brightness_change_little(self, moved):
        inputs, _ = moved
        found = of_images(np.concatenate([inputs[:200], 40 + inputs[:200] // 2]))
        assert (nearest(found, 1).rows[:200, 0] == np.arange(200, 400)).mean() > 0.95

    @pytest.mark.parametrize("shape", [(12, 12, 1), (13, 40, 3), (100, 14, 1), (64, 64, 3), (16, 16, 5)])
    def test_all_sizes(self, shape):
        found = of_images(images(*shape))
        assert found.shape == (20, 20) and np.isfinite(found).all()

    def test_images_that_are_even(self):
        assert np.isfinite(of_images(np.full((20, 16, 16), 7, np.uint8))).all()

    def test_small_images_are_centered_pixels(self):
        inputs = images(8, 8, 1)
        pixels = inputs.reshape(20, -1).astype(np.float32)
        np.testing.assert_allclose(of_images(inputs), pixels - pixels.mean(0), atol=1e-4)

    def test_patches_are_compared_as_published(self):
        """The convolution is the same as to normalize and whiten every patch."""
        inputs = images(14, 15, 2)
        kernel, offset = patches._frequent(inputs)
        found = patches._compared(inputs[:3], kernel, offset)
        windows = np.lib.stride_tricks.sliding_window_view(inputs[:3].astype(np.float64), (6, 6), (1, 2))
        each = windows.transpose(0, 1, 2, 4, 5, 3).reshape(3, 9, 10, -1)
        each = (each - each.mean(-1, keepdims=True)) / np.sqrt(each.var(-1, keepdims=True) + 10)
        counted = np.maximum(each @ np.asarray(kernel, np.float64).reshape(72, -1) - np.asarray(offset) - 0.25, 0)
        halves = [counted[:, rows, columns] for rows in (slice(5), slice(5, 9)) for columns in (slice(5), slice(5, 10))]
        np.testing.assert_allclose(found, np.concatenate([half.mean((1, 2)) for half in halves], 1), atol=1e-4)


def test_many_numbers_become_principal_components():
    inputs = np.random.default_rng(0).normal(size=(600, 700)).astype(np.float32)
    found = features_of(jnl.from_arrays(inputs, np.arange(600) % 2, kind="features"))
    assert found.shape == (600, 500)
    assert (np.diff(found.var(0)) < 1e-3).all()


class TestTexts:
    def test_those_of_one_topic_are_near(self):
        tokens = np.array([[2, 3, 4, 0]] * 5 + [[5, 6, 7, 8]] * 5, np.int32)
        tokens[0, 3] = tokens[5, 0] = 9
        found = nearest(features_of(jnl.from_arrays(tokens, [0] * 5 + [1] * 5, kind="tokens")), k=3)
        assert (found.rows[:5] < 5).all() and (found.rows[5:] >= 5).all()

    def test_those_without_words_are_counted(self):
        tokens = np.array([[3, 4], [5, 3], [4, 5], [0, 0]], np.int32)
        assert len(features_of(jnl.from_arrays(tokens, [0, 1, 0, 1], kind="tokens"))) == 4
