"""Crops, flips and mixtures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jnl.augment import crop_flip, mixup, named, none
from jnl.errors import UserError

IMAGES = np.random.default_rng(0).integers(1, 256, (200, 9, 8, 3)).astype(np.uint8)


def test_crop_flip_shifts_by_up_to_4_and_mirrors_half():
    out = np.asarray(jax.jit(crop_flip)(jax.random.key(0), IMAGES)) * 255
    padded = np.pad(IMAGES, ((0, 0), (4, 4), (4, 4), (0, 0)))
    found = []
    for image, whole in zip(out.round().astype(np.uint8), padded, strict=True):
        places = [
            (top, left, flip)
            for top in range(9)
            for left in range(9)
            for flip in (False, True)
            if np.array_equal(image[:, ::-1] if flip else image, whole[top : top + 9, left : left + 8])
        ]
        assert len(places) == 1
        found += places
    tops, lefts, flips = map(np.array, zip(*found, strict=True))
    assert set(tops) == set(lefts) == set(range(9))
    assert 0.35 < flips.mean() < 0.65


def test_it_belongs_to_the_key():
    first, again, other = (crop_flip(jax.random.key(seed), IMAGES) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(none(jax.random.key(0), IMAGES), none(jax.random.key(1), IMAGES))


def test_features_have_no_crops():
    with pytest.raises(UserError, match="wants images"):
        crop_flip(jax.random.key(0), jnp.ones((4, 3)))
    with pytest.raises(UserError, match="did you mean 'crop_flip'"):
        named("cropflip")


def test_mixup_mixes_rows_and_labels_alike():
    inputs, targets = jnp.arange(50.0)[:, None] * jnp.ones((1, 3)), jnp.eye(50)
    shares = []
    for seed in range(20):
        mixed, labels = mixup(jax.random.key(seed), 4.0, inputs, targets)
        np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-6)
        np.testing.assert_allclose(labels @ inputs, mixed, rtol=1e-5)
        own = np.asarray(labels.diagonal())
        assert own.min() >= 0.5
        shares.append(own.min())
    assert np.std(shares) > 0.05  # a share for each batch
