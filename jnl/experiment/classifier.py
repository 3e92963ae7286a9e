"""A scikit-learn classifier that trains on noisy labels."""

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Self

import numpy as np
from flax import linen as nn
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from jnl import strategies
from jnl.core.strategy import Strategy
from jnl.data.from_arrays import from_arrays
from jnl.experiment.run import run
from jnl.settings.config import Value
from jnl.settings.config_object import set_field
from jnl.settings.fields import OF_ANY_DATA
from jnl.settings.published import get_config
from jnl.support.errors import UserError, whole_number
from jnl.support.foreign import name_of
from jnl.support.warn import warn

_RATE = 0.2  # taken for the share of wrong labels if nobody says another one


class NoisyLabelClassifier(ClassifierMixin, BaseEstimator):
    """A scikit-learn classifier for data with some wrong labels.

    A tenth of the examples is held out of the training, to measure the accuracy on their labels.

    Args:
      strategy: name of the method, one of `jnl.strategies.names()`, or a function that returns a `Strategy`.
      noise_rate: your estimate of the share of wrong labels; None means 0.2, with a warning if the method needs it.
      epochs: number of epochs; None follows the number of examples.
      batch_size: number of examples of a batch; None follows the number of examples.
      seeds: number of trainings from different weights, whose mean predicts.
      model: a linen module, or an nnx class or function that is called with `rngs=`; None means an MLP for numbers and
        gray images, and a CNN for color images.
      options: other fields of the config by name, such as `{"strategy.co_lambda": 0.5}`, except those that say
        how data are read; None keeps the published ones.
      random_state: a number or a `RandomState`, which makes the training repeatable; None draws one.

    Attributes:
      classes_: the different labels in ascending order, [C].
      history_: the `History` of the training, with its metrics.
      label_quality_: f32[N] the probability that the networks give the label of each training example. A small one
        means that the label is suspect; `jnl.audit` judges with networks that have not seen the example.
      n_features_in_: number of features of the inputs.

    Example:
      >>> import jnl
      >>> from sklearn.datasets import load_digits
      >>> inputs, labels = load_digits(return_X_y=True)
      >>> classifier = jnl.NoisyLabelClassifier("standard", noise_rate=0.1, epochs=3, random_state=0)
      >>> classifier.fit(inputs, labels).predict_proba(inputs).shape
      (1797, 10)
    """

    def __init__(
        self,
        strategy: str | Callable[..., Strategy] = "jocor",
        *,
        noise_rate: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        seeds: int = 1,
        model: nn.Module | Callable[..., object] | None = None,
        options: Mapping[str, Value] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.strategy = strategy
        self.noise_rate = noise_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.seeds = seeds
        self.model = model
        self.options = options
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on inputs and labels. Some labels may be wrong.

        There is no `sample_weight`: the method decides which examples count, and how much.

        Args:
          X: numbers [N, D], or images [N, H, W] or [N, H, W, channels].
          y: labels [N], numbers or names.

        Returns:
          The classifier.

        Raises:
          ValueError: if the inputs, the labels or an argument cannot be used.
        """
        self._check_arguments()
        inputs, labels = validate_data(self, X, y, allow_nd=True, dtype="numeric")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise UserError(
                f"y: all labels are {self.classes_[0]!r}, which is 1 class; give labels of at least 2 classes"
            )
        strategy = self.strategy if isinstance(self.strategy, str) else name_of(self.strategy, "strategy")
        config = get_config(strategy, f"data=own,rate={self._rate(strategy)}")
        config.epochs = config.epochs if self.epochs is None else int(self.epochs)
        config.batch_size = config.batch_size if self.batch_size is None else int(self.batch_size)
        with config.unlocked(), config.ignore_type():  # `run` says what is wrong
            for field, value in (self.options or {}).items():
                set_field(config, field, value)
        random = check_random_state(self.random_state)
        config.seeds = tuple(int(seed) for seed in random.randint(2**31 - 1, size=self.seeds))
        dataset = from_arrays(inputs, codes, class_names=[str(name) for name in self.classes_], kind=_kind(inputs))
        self.history_ = run(config, dataset=dataset, model=self.model)
        self.label_quality_ = self.history_.predict_proba(inputs)[np.arange(len(codes)), codes]
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the probability of each class, f32[N, C], in the order of `classes_`.

        Args:
          X: inputs as for `fit`.

        Raises:
          ValueError: if the inputs do not fit.
        """
        check_is_fitted(self)
        inputs = validate_data(self, X, allow_nd=True, dtype="numeric", reset=False)
        return self.history_.predict_proba(inputs)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the most likely class of each input, [N]. See `predict_proba` for arguments and errors."""
        probabilities = self.predict_proba(X)  # raises an error before `fit`
        return self.classes_[probabilities.argmax(1)]

    def _check_arguments(self) -> None:
        """Raise `UserError` if an argument cannot be used. The checks of a config would name its own fields."""
        for name, value in (("epochs", self.epochs), ("batch_size", self.batch_size), ("seeds", self.seeds)):
            if value is not None or name == "seeds":
                whole_number(name, value, 1)
        if self.noise_rate is not None and not (isinstance(self.noise_rate, Real) and 0 <= self.noise_rate <= 1):
            raise UserError(
                f"noise_rate: {self.noise_rate!r}; give the share of labels that you believe to be wrong, such as 0.2"
            )
        if not isinstance(self.options or {}, Mapping) or not all(isinstance(name, str) for name in self.options or {}):
            raise UserError(f'options: {self.options!r}; give fields with values, such as {{"optim.beta1": 0.9}}')
        for name, value in (("epochs", self.epochs), ("batch_size", self.batch_size), ("seeds", self.seeds)):
            if name in (self.options or {}) and (value is not None or name == "seeds"):
                raise UserError(f"options: {name!r} is an argument of the classifier; give {name}=... instead")
        for name in self.options or {}:
            if name.startswith("data.") and name.removeprefix("data.") not in OF_ANY_DATA[1:]:
                raise UserError(
                    f"options: {name!r} has no effect on inputs that are arrays; leave it out, and scale or convert "
                    "the inputs before"
                )

    def _rate(self, strategy: str) -> float:
        """Return the share of wrong labels for the method. Warn if the method needs it and nobody has said it."""
        if self.noise_rate is not None:
            return self.noise_rate
        if strategies.make(strategy).uses_forget_rate or "noise_rate" in strategies.hypers(strategy):
            warn(f"noise_rate: not set; {strategy} takes {_RATE:.0%} of the labels to be wrong")
        return _RATE


def _kind(inputs: np.ndarray) -> str:
    return "features" if inputs.ndim == 2 else "images"
