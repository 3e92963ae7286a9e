"""CIFAR-100: 50,000 training and 10,000 test color images, 32x32x3, 100 fine classes in alphabetical order."""

from jnl.data.dataset import Dataset
from jnl.data.readers.cifar import binary_file, python_file
from jnl.data.readers.originals import Original, Version, read
from jnl.data.readers.tfds import by_id
from jnl.support.paths import Folder

CLASSES = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
    elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster
    man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck
    pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
    skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
    tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split()
)
ORIGINAL = Original(
    "cifar100",
    CLASSES,
    (
        Version(  # the page of CIFAR has the sum of the archive only
            (binary_file("train.bin", 50_000, 2),),
            (binary_file("test.bin", 10_000, 2),),
            "cifar-100-binary",
            "cifar-100-binary.tar.gz",
            "03b5dce01913d631647c71ecec9e9cb8",
        ),
        Version(  # these sums are those of torchvision (datasets/cifar.py)
            (python_file("train", 50_000, "16019d7e3df5f24257cddd939b257f8d"),),
            (python_file("test", 10_000, "f0ef6b0ae62326f3e7ffdfab6717acfc"),),
            "cifar-100-python",
            "cifar-100-python.tar.gz",
        ),
    ),
    "www.cs.toronto.edu/~kriz/cifar.html",
    by_id,
)


def load(dir: Folder = None) -> Dataset:
    """Load the prepared TFDS files, or the original files; in the order of the original files."""
    return read(ORIGINAL, dir)
