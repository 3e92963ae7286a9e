"""Values of every kind that a config or a file may hold."""

from hypothesis import strategies as st

EDGES = [
    0, -1, 1, 2, 7, 2**15, 2**24, 2**31 - 1, 2**31, 2**32, 2**63, 10**30, -(10**30), 10**400,
    float("nan"), float("inf"), 1e300, 1e-300, 0.5, 1.0, -0.5, True, False, None, b"x", 1j,
    "", "\0", "a\nb", "\x1b[31m", "\udcff", "x" * 300, "../..", "/etc/passwd",
    "auto", "none", "per_run", "sgd", "staircase", "cosine", "matrix", "instance", "standard", "mlp", "cnn7", "newsnet",
    (), (1, 2), (0.1,), [3], {}, {"name": "x"}, {"a.b": 1}, (("a",),),
]  # fmt: skip
scalars = st.sampled_from(EDGES) | st.integers() | st.floats() | st.text(max_size=6)
values = scalars | st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
