"""`python -m jnl.data.prepare mnist [--dir=DIR]`: downloads a data set once and writes it as array_record files.

Through the data set's own TFDS builder. This is the only place that wants TensorFlow: TFDS encodes images with it.
"""

import argparse
import sys

from jnl import data
from jnl.core.errors import UserError, exit_code, unknown

# What sources read; any other image data set of TFDS can be prepared too. The last two first ask for files by hand.
PREPARED = ["mnist", "fashion_mnist", "cifar10", "cifar100", "svhn_cropped", "cifar10_n", "cifar100_n"]


def prepare(name: str, dir: str | None = None) -> str:
    """Downloads and writes; returns the folder.

    Raises:
      UserError: no such data set, TensorFlow is missing, files that only a person may download, or the download failed.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=dir, file_format="array_record")
    except (tfds.core.registered.DatasetNotFoundError, ValueError) as error:
        raise unknown("data set", name, PREPARED) from error
    try:
        builder.download_and_prepare()
    except ImportError as error:
        raise UserError(
            f"preparing {name!r} needs TensorFlow once (training never does): pip install tensorflow"
        ) from error
    except (OSError, AssertionError, tfds.download.DownloadError) as error:
        raise UserError(
            f"preparing {name!r} failed: {' '.join(str(error).split())}; put that right, or check the network and the "
            "free space, then run it again"
        ) from error
    data.load(name if name in data.names() else f"tfds:{name}", dir)
    return str(builder.data_path)


def main(arguments: list[str]) -> int:
    """The command; exit code 2 for what the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m jnl.data.prepare", description="Prepare a data set once.")
    parser.add_argument("name", help=", ".join(PREPARED))
    parser.add_argument("--dir", help="where to write (default: the TFDS directory)")
    options = parser.parse_args(arguments)
    return exit_code(lambda: f"{options.name} is ready in {prepare(options.name, options.dir)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
