"""Read the options of `jnl train`: a config with its argument, and new values of single fields."""

from collections.abc import Sequence
from pathlib import Path

from absl import flags
from ml_collections import ConfigDict, config_flags

from jnl.core.errors import UserError, reason, unknown
from jnl.settings.config import complete
from jnl.settings.config_file import load

_HAVE_OPTIONS = {"data": "data set", "model": "network"}


def parse(arguments: Sequence[str]) -> tuple[ConfigDict, Path | None]:
    """Return the config and the workdir, or None without one, that the command line describes.

    Args:
      arguments: `--config=CONFIG[:ARG] [--workdir=DIR] [--config.FIELD=VALUE ...]`, split into words.

    Raises:
      UserError: An option or a field does not exist, a value has the wrong type, or a file cannot be loaded.
    """
    files = [argument.partition("=")[2] for argument in arguments if argument.startswith("--config=")]
    if not files:
        raise UserError("--config: missing; give one, such as --config=quickstart")
    config = load(files[-1])
    rest = [argument for argument in arguments if not argument.startswith("--config=")]
    values = flags.FlagValues()
    try:
        holder = config_flags.DEFINE_config_dict("config", config, flag_values=values, sys_argv=["jnl", *rest])
        workdir = flags.DEFINE_string("workdir", None, "where the results go", flag_values=values)
        words = values(["jnl", *rest])[1:]
    except (AttributeError, KeyError) as error:
        raise _unknown_field(config, rest) from error
    except (flags.Error, TypeError, ValueError, IndexError, SyntaxError) as error:
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
    return holder.value, None if folder is None else Path(folder)


def _unknown_field(config: ConfigDict, arguments: Sequence[str]) -> UserError:
    """Return the error for the first option whose field is not in the config."""
    for option in (argument.partition("=")[0] for argument in arguments):
        fields = config
        for key in option.split(".")[1:] if option.startswith("--config.") else ():
            if not isinstance(fields, ConfigDict) or key not in fields:
                wrong = unknown(
                    option, key, sorted(fields) if isinstance(fields, ConfigDict) else ["(no field inside)"]
                )
                section = option.split(".")[1]
                if section in _HAVE_OPTIONS:
                    hint = (
                        f"to set an option of one {_HAVE_OPTIONS[section]}, choose it with --config=FILE:{section}=NAME"
                    )
                    return UserError(f"{wrong}; {hint}")
                return wrong
            fields = fields[key]
    return UserError(f"--config: the config does not have this field; its fields are: {', '.join(sorted(config))}")
