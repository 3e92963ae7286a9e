"""Data sets of users may share a name, such as `arrays`; the report compares only runs on the same data."""

import json

from helpers.reports import leaderboards, workdir


def test_data_of_users_with_one_name_are_told_apart(tmp_path):
    """The same arrays are compared, whatever was decided about their labels; other arrays are not."""
    same, other = {"data": "arrays", "seeds": (1, 2)}, {"data": "arrays", "seeds": (3, 4)}
    for name, settings, digest in (
        ("one", {"strategy": "standard", **same}, "a" * 64), ("two", {"strategy": "gce", **same}, "a" * 64),
        ("three", {"strategy": "standard", **other}, "b" * 64),
    ):  # fmt: skip
        config = json.loads((workdir(tmp_path / name, **settings) / "config.json").read_text())
        config["fingerprint"] = {"data": digest}
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    found = leaderboards(tmp_path / "one", tmp_path / "two", tmp_path / "three")
    assert [(each.data, len(each.results)) for each in found] == [("arrays 1", 2), ("arrays 2", 1)]
    assert [each.data for each in leaderboards(tmp_path / "one", tmp_path / "two")] == ["arrays"]
