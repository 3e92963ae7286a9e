"""Download a data set once and write it as array_record files, with the TFDS builder of the data set.

`jnl prepare` does this. Only this file needs TensorFlow, because TFDS encodes images with it.
"""

from importlib import import_module

from jnl import data
from jnl.support.errors import UserError, unknown

# The data sets that sources read. Any other image data set of TFDS can be prepared too. For the last two, a person must
# first download files by hand.
PREPARED = ["mnist", "fashion_mnist", "cifar10", "cifar100", "svhn_cropped", "cifar10_n", "cifar100_n"]


def prepare(name: str, dir: str | None = None) -> str:
    """Download a data set, write it, load it once as a check, and return the folder of its files.

    Args:
      name: name of the data set in TFDS.
      dir: folder to write to; None is the TFDS directory.

    Raises:
      UserError: The data set does not exist, TensorFlow is missing, a person must download files by hand, the download
        failed, or the written data cannot be loaded.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=dir, file_format="array_record")
    except (tfds.core.registered.DatasetNotFoundError, ValueError) as error:
        raise unknown("data set", name, PREPARED) from error
    try:
        if not builder.is_prepared():
            import_module("tensorflow")  # TFDS misses it only after it has said that it downloads
        builder.download_and_prepare()
    except ImportError as error:
        raise UserError(
            f"preparing {name!r} needs TensorFlow once (training never does): pip install tensorflow; MNIST, "
            "Fashion-MNIST and CIFAR can also be read from their original files: give their folder as data.dir"
        ) from error
    except (OSError, AssertionError, tfds.download.DownloadError) as error:
        raise UserError(
            f"preparing {name!r} failed: {' '.join(str(error).split())}; correct the cause, or check the network and "
            "the free space, then run it again"
        ) from error
    data.load(name if name in data.names() else f"tfds:{name}", dir)
    return str(builder.data_path)
