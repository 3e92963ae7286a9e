"""Read the options of `jnl train`: a config with its argument, and new values of single fields."""

from collections.abc import Sequence
from pathlib import Path

from absl import flags
from ml_collections import ConfigDict, config_flags

from jnl.cli._hints import check
from jnl.settings.config import complete
from jnl.settings.config_file import load
from jnl.support.errors import UserError, reason
from jnl.support.paths import expanded


def parse(arguments: Sequence[str]) -> tuple[ConfigDict, Path | None]:
    """Return the config and the workdir, or None without one, that the command line describes.

    Args:
      arguments: `--config=CONFIG[:ARG] [--workdir=DIR] [--config.FIELD=VALUE ...]`, split into words.

    Raises:
      UserError: An option or a field does not exist, a value has the wrong type, or a file cannot be loaded.
    """
    arguments = _joined(arguments)
    files = [argument.partition("=")[2] for argument in arguments if argument.startswith("--config=")]
    if not files:
        raise UserError("--config: missing; give one, such as --config=quickstart")
    config = load(files[-1])
    rest = [argument for argument in arguments if not argument.startswith("--config=")]
    check(config, rest)
    values = flags.FlagValues()
    try:
        holder = config_flags.DEFINE_config_dict("config", config, flag_values=values, sys_argv=["jnl", *rest])
        workdir = flags.DEFINE_string("workdir", None, "where the results go", flag_values=values)
        words = values(["jnl", *rest])[1:]
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, IndexError, SyntaxError) as error:
        raise UserError(reason(error)) from error
    except (MemoryError, RecursionError) as error:  # the parser of Python raises these for deeply nested values
        raise UserError("--config: a value is nested too deeply to be read; give a simpler one") from error
    if words:
        raise UserError(f"{words[0]}: not an option; options start with --, such as --config=jocor")
    folder = complete(holder.value).workdir if workdir.value is None else workdir.value
    if folder == "" or "\0" in (folder or ""):
        raise UserError(
            "--workdir: the value is empty or is not a path; give a folder, or leave the option out to write nothing"
        )
    return holder.value, None if folder is None else expanded(folder)


def _joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with `--config NAME` as one word."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--config" and not argument.startswith("-"):
            joined[-1] = f"--config={argument}"
        else:
            joined.append(argument)
    return joined
