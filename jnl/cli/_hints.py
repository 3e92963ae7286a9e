"""What an option that cannot be used probably means."""

from collections.abc import Iterator
from difflib import get_close_matches

from ml_collections import ConfigDict

from jnl.support.errors import UserError, unknown

_HAVE_OPTIONS = {"data": "data set", "model": "network"}
_OTHER_WORDS = {"lr": "learning_rate", "seed": "seeds", "noise_rate": "rate"}


def check(config: ConfigDict, arguments: list[str]) -> None:
    """Raise `UserError` for the first option that names no field of the config, and say which one it may mean.

    Args:
      config: the config whose fields the options change.
      arguments: the options, without `--config=`.
    """
    for argument in arguments:
        option, _, value = argument.partition("=")
        if option.startswith("--config."):
            _check_field(config, option, value)
        elif option.startswith("--") and option.strip("-") not in ("", "workdir"):
            raise UserError(f"{option}: not an option; {_meant(config, option.strip('-'), value)}")


def _check_field(config: ConfigDict, option: str, value: str) -> None:
    fields = config
    for key in option.split(".")[1:]:
        name = key.partition("[")[0]
        if not isinstance(fields, ConfigDict):
            raise unknown(option, key, ["(no field inside)"])
        if name not in fields:
            wrong = unknown(option, key, sorted(fields))
            section = option.split(".")[1]
            if section not in _HAVE_OPTIONS or fields is config:
                raise wrong
            kind = _HAVE_OPTIONS[section]
            raise UserError(f"{wrong}; to set an option of one {kind}, choose it with --config=FILE:{section}=NAME")
        fields = fields[name]
    if isinstance(fields, ConfigDict):
        if option == "--config.strategy":
            raise UserError(f"{option}: a section, not a value; choose the method with --config={value or 'NAME'}")
        first = "name" if "name" in fields else "kind" if "kind" in fields else next(iter(sorted(fields)), "FIELD")
        raise UserError(
            f"{option}: a section, not a value; set one of its fields, such as {option}.{first}={value or 'VALUE'}; "
            f"they are: {', '.join(sorted(fields))}"
        )


def _meant(config: ConfigDict, name: str, value: str) -> str:
    """Return advice about an option that may be the name of a field, as `--epochs=5` is."""
    paths = list(_paths(config))
    plain = name.replace("-", "_").lower()
    plain = _OTHER_WORDS.get(plain, plain)
    close = get_close_matches(plain, [path.rpartition(".")[2] for path in paths], n=1, cutoff=0.8)
    found = [path for path in paths if close and path.rpartition(".")[2] == close[0]]
    if not found:
        return "options are --config=CONFIG, --workdir=FOLDER and --config.FIELD=VALUE"
    option = "workdir" if found[0] == "workdir" else f"config.{found[0]}"
    if name.lower() == "seed":
        return f'did you mean --{option}="({value or "VALUE"},)"? A number alone is how many seeds are trained'
    return f"did you mean --{option}={value or 'VALUE'}?"


def _paths(config: ConfigDict, parent: str = "") -> Iterator[str]:
    """Yield the path of each field, such as `noise.rate`; outer fields first."""
    for key in sorted(config, key=lambda key: (isinstance(config[key], ConfigDict), key)):
        if isinstance(config[key], ConfigDict):
            yield from _paths(config[key], f"{parent}{key}.")
        else:
            yield f"{parent}{key}"
