"""Mixtures of the rows of a batch."""

import jax
import jax.numpy as jnp
import numpy as np

from jnl.ops.mixup import mixture, mixup


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


def test_a_mixture_may_be_mostly_of_the_other():
    shares = []
    for seed in range(60):
        rows = np.asarray(mixture(jax.random.key(seed), 1.0, 20)(jnp.eye(20)))
        np.testing.assert_allclose([rows.sum(0), rows.sum(1)], 1, rtol=1e-6)
        share = rows.diagonal()[rows.diagonal() < 0.999]  # the others are their own partners
        np.testing.assert_allclose(share, share[0])
        shares.append(share[0])
    assert 0.35 < np.mean(shares) < 0.65
    assert 0.15 < np.mean(np.array(shares) < 0.3) < 0.45  # Beta(1, 1) is uniform
