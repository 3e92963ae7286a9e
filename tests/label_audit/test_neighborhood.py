"""Neighbors: against scikit-learn, in blocks of any size."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from jnl.label_audit import neighborhood, trouble


def features(number=50, seed=0, dimensions=12):
    return np.random.default_rng(seed).normal(size=(number, dimensions)).astype(np.float32)


def of_scikit_learn(points, metric):
    distance, rows = NearestNeighbors(n_neighbors=6, metric=metric).fit(points).kneighbors(points)
    return distance[:, 1:], rows[:, 1:]


@pytest.mark.parametrize("block", [2**26, 50 * 7, 1])
def test_they_are_those_of_scikit_learn(block, monkeypatch):
    monkeypatch.setattr(neighborhood, "_BLOCK", block)
    found = neighborhood.nearest(features(), k=5)
    distance, rows = of_scikit_learn(features(), "cosine")
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_allclose(1 - found.similarity, distance, atol=1e-5)


@pytest.mark.parametrize("block", [2**26, 50 * 7])
@pytest.mark.parametrize("dimensions", [1, 2, 10])
def test_in_few_dimensions_they_are_those_of_the_smallest_distance(dimensions, block, monkeypatch):
    monkeypatch.setattr(neighborhood, "_BLOCK", block)
    points = 3 + features(dimensions=dimensions)
    found = neighborhood.nearest(points, k=5)
    distance, rows = of_scikit_learn(points, "sqeuclidean")
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_allclose(1 - found.similarity, distance / (2 * np.median(distance[:, -1])), rtol=1e-4, atol=1e-5)


def test_in_few_dimensions_a_large_number_disturbs_no_other_example():
    points = features(dimensions=4)
    points[0] = 1e6
    rows = of_scikit_learn(np.float64(points), "sqeuclidean")[1]
    np.testing.assert_array_equal(neighborhood.nearest(points, k=5).rows[1:], rows[1:])


@pytest.mark.parametrize("dimensions", [2, 3, 5])
def test_in_few_dimensions_few_examples_are_nearly_the_same_by_chance(dimensions):
    points = features(2000, dimensions=dimensions)
    points[7] = points[3]
    twins = trouble.duplicate_of(neighborhood.nearest(points, k=30))
    assert twins[3] == 7 and twins[7] == 3 and (twins >= 0).sum() <= 10


def test_few_examples_have_few_neighbors():
    assert neighborhood.nearest(features(3), k=30).rows.shape == (3, 2)


def test_duplicates_and_outliers_are_found():
    points = features(200)
    points[7] = points[3] * 2  # the same direction
    points[11] = -100
    around = np.concatenate([points, features(200) + 5])
    found = neighborhood.nearest(around, k=30)
    twins = trouble.duplicate_of(found)
    assert twins[3] == 7 and twins[7] == 3
    others = np.concatenate([features(200) + 5, [[-9.0] * 12]])
    distance, outliers = trouble.outlier(neighborhood.nearest(others, k=30), others)
    assert outliers.tolist() == [False] * 200 + [True] and distance.argmax() == 200


def test_an_example_of_a_usual_direction_may_be_much_too_long():
    points = features(200) + 5
    points[3] *= 30  # another unit
    _, outliers = trouble.outlier(neighborhood.nearest(points, k=30), points)
    assert np.flatnonzero(outliers).tolist() == [3]


def test_duplicates_of_images_have_nearly_the_same_pixels():
    """Their features may be the same at other places of the image."""
    images = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), np.uint8)
    images[3] = np.clip(images[7].astype(int) + 2, 0, 255)
    rows = np.roll(np.arange(60), 1)[:, None]
    rows[3], rows[7] = 7, 3
    same_features = neighborhood.Neighbors(rows.astype(np.int32), np.ones((60, 1), np.float32))
    twins = trouble.duplicate_of(same_features, images)
    assert np.flatnonzero(twins >= 0).tolist() == [3, 7] and twins[3] == 7 and twins[7] == 3
    assert (trouble.duplicate_of(same_features) >= 0).all()
