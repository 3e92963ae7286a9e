"""The titles of what the report groups together."""

import pytest

from jnl.report import grouping


@pytest.mark.parametrize(
    ("data", "kind", "noise"),
    [
        ("mnist", "asymmetric_mnist", "Asymmetric"),
        ("cifar10n:worse", "asymmetric_cifar10", "Asymmetric"),
        ("cifar100", "asymmetric_cifar100_blocks", "Asymmetric blocks"),
        ("own", "package.module:as_owned", "As owned"),
        ("cifar10", "asymmetric_cifar100", "Asymmetric cifar100"),
    ],
)
def test_the_title_of_a_noise_leaves_out_the_data(data, kind, noise):
    assert grouping.Leaderboard(data, "mlp", 1, kind, 0.4, []).noise == f"{noise} 40\u00a0%"
