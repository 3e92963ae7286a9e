"""Any module of Flax as a network of jnl: its argument that switches training on, its convolutions, its precision."""

import inspect
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.errors import InvalidRngError
from jax import Array, lax
from jax.typing import DTypeLike

from jnl.core.network import Tree
from jnl.models._precision import PRECISIONS, lower, products, raise_again
from jnl.ops.convolution import by_itself, convolve, portable
from jnl.support.errors import UserError, reason, unknown
from jnl.support.text import shown
from jnl.support.warn import warn

if TYPE_CHECKING:
    from flax import nnx

_TRAINS = ("train", "training", "is_training")  # names of an argument that is true in training
_EVALUATES = ("deterministic", "use_running_average")  # names of one that is true in evaluation
_KEPT = ["batch_stats", "intermediates"]  # collections of variables that a call may change
_KNOWN = {"params", *_KEPT}


@dataclass(frozen=True)
class ModuleNetwork:
    """A module of Flax with the interface `core.network.Network`."""

    trains: nn.Module  # the module in training
    evaluates: nn.Module  # the module in evaluation, which is the same one for linen
    source: object = field(default=None, compare=False)  # the class or function that has the code
    precision: str = "auto"  # of its arithmetic, one of `_precision.PRECISIONS`

    def __hash__(self) -> int:
        return hash(type(self.trains))  # fields of a module may not be hashable

    def __reduce__(self) -> tuple[Callable[..., "ModuleNetwork"], tuple[object, ...]]:
        """Return how to make the network again from a pickle. Modules of `nnx.bridge` cannot be in one."""
        if self.trains is self.evaluates:
            return ModuleNetwork, (self.trains, self.evaluates, self.source, self.precision)
        return _of_nnx, (self.source, self.precision)

    @property
    def vocabulary(self) -> int:
        """The number of different tokens that the module knows: its field of this name, or 0 if it has none."""
        number = getattr(self.evaluates, "vocabulary", 0)
        return number if isinstance(number, int) else 0

    def init(self, key: Array, inputs: Array) -> tuple[Tree, Tree]:
        """Return new parameters and statistics. Raise `UserError` if the module fails or has other variables."""
        with _called(inputs):
            variables = self.evaluates.init(
                {"params": key, "dropout": key}, inputs, **_switches(self.evaluates, train=False)
            )
        if other := sorted(variables.keys() - _KNOWN):
            raise UserError(
                f"model: the network has variables of the collection {other[0]!r}; jnl keeps `params` and "
                "`batch_stats`, use these"
            )
        if "strategy" in variables.get("params", {}):
            raise UserError("model: a layer has the name 'strategy', which jnl needs for itself; give it another name")
        if not variables.get("params"):
            raise UserError("model: the network has no parameters, so there is nothing to train")
        return dict(variables["params"]), dict(variables.get("batch_stats", {}))

    def apply(
        self, params: Tree, batch_stats: Tree, inputs: Array, train: bool, key: Array
    ) -> tuple[Array, Array | None, Tree]:
        """Return logits f32[B, C], features f32[B, D] if the module sows them, and the new statistics."""
        module = self.trains if train else self.evaluates
        params, lowered = lower(self.precision)((params, inputs))
        variables = {"params": params, "batch_stats": batch_stats}
        with _called(inputs), products(self.precision):
            logits, new = module.apply(
                variables, lowered, **_switches(module, train), mutable=_KEPT, rngs={"dropout": key}
            )
        if not isinstance(logits, jax.Array):
            raise UserError(f"model: the network returns {type(logits).__name__}; return logits f32[B, C] alone")
        sown = new.get("intermediates", {}).get("features", ())
        features = sown[-1] if sown else None
        return raise_again(self.precision)((logits, features, new.get("batch_stats", {})))

    def text(self, inputs: Array | jax.ShapeDtypeStruct) -> str:
        """Return the text of a program that initializes and calls the network. Other networks have another text.

        It is the program for a CPU on every machine, unless the network has parts that a CPU does not have.

        Args:
          inputs: f32[B, ...] or i32[B, T], a batch; only its shape and type matter.
        """

        def computed(key: Array, inputs: Array) -> tuple[object, ...]:
            params, batch_stats = self.init(key, inputs)
            return params, *(self.apply(params, batch_stats, inputs, train, key) for train in (True, False))

        with portable():  # else the convolutions would be those that suit this device
            traced = jax.jit(computed).trace(jax.random.key(0), inputs)
        try:
            return traced.lower(lowering_platforms=("cpu",)).as_text()
        except (ValueError, RuntimeError):
            return traced.lower().as_text()


def wrap(model: nn.Module | Callable[..., object], precision: str = "auto") -> ModuleNetwork:
    """Return a module as a network.

    Args:
      model: a linen module whose call takes `(inputs)` or `(inputs, train)`; or an nnx class, or a function that is
        called with `rngs=` and returns an nnx module.
      precision: of its arithmetic, one of `_precision.PRECISIONS`.

    Raises:
      UserError: if it is something else.
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if isinstance(model, nn.Module):
        _warn_of_keywords(model)
        return ModuleNetwork(model, model, type(model), precision)
    if isinstance(model, type) and issubclass(model, nn.Module):
        raise UserError(f"model: {model.__name__} is a class; give a module, such as {model.__name__}()")
    called = model.__init__ if isinstance(model, type) else model  # type: ignore[misc]
    if not callable(model) or "rngs" not in inspect.signature(called).parameters:
        raise UserError(
            f"model: {shown(model)} is not a linen module, an nnx class, or a function that takes `rngs` and returns "
            "an nnx module; give one, because each run and network starts from its own weights"
        )
    assert isinstance(model, Hashable)
    return _of_nnx(model, precision)


def _warn_of_keywords(model: nn.Module) -> None:
    """Warn if the call of a linen module takes any keyword, so that jnl does not know which one says that it trains."""
    kinds = {each.kind for each in inspect.signature(type(model).__call__).parameters.values()}
    of_flax = type(model).__module__.startswith("flax.")  # such as Sequential, whose keywords go to its first layer
    if inspect.Parameter.VAR_KEYWORD in kinds and not of_flax and not _switches(model, train=True):
        warn(
            f"model: the call of {type(model).__name__} takes **keywords, but jnl does not say in them that it trains, "
            f"so dropout may stay off; give it an argument with one of the names {', '.join(_TRAINS + _EVALUATES)}"
        )


@dataclass(frozen=True)
class OfNnx:
    """An nnx class, or a function that makes an nnx module, with some of its arguments."""

    make: Callable[..., object]
    arguments: tuple[tuple[str, object], ...]

    def __call__(self, rngs: "nnx.Rngs") -> object:
        """Return a new module."""
        return self.make(rngs=rngs, **dict(self.arguments))


@dataclass(frozen=True)
class _InMode:
    """An nnx class or function, whose modules are in one mode: `train` or `eval`."""

    make: Callable[..., object]
    mode: str

    def __call__(self, rngs: "nnx.Rngs") -> "nnx.Module":
        """Return a new module. Raise `UserError` if it is not one of nnx, or its call says whether it trains."""
        from flax import nnx  # imported here, because most networks do not need it

        new = self.make(rngs=rngs)
        if not isinstance(new, nnx.Module):
            raise UserError(f"model: {self.make!r} returns {type(new).__name__}, not an nnx module; return one")
        for _, part in nnx.iter_graph(new):  # older versions have no iter_modules
            if isinstance(part, nnx.Conv) and part.conv_general_dilated is lax.conv_general_dilated:
                part.conv_general_dilated = convolution
        for name, parameter in inspect.signature(type(new).__call__).parameters.items():
            if name in (*_TRAINS, *_EVALUATES) and parameter.default is not None:  # None lets the mode decide
                raise UserError(
                    f"model: the call of {type(new).__name__} takes {name!r}, but jnl switches modules of nnx by "
                    "train() and eval(), which their layers obey; remove this argument, or give it the default None"
                )
        getattr(new, self.mode)()
        return new


def _of_nnx(make: Callable[..., object], precision: str) -> ModuleNetwork:
    """Return the network of an nnx class or of a function that makes an nnx module."""
    from flax import nnx

    trains, evaluates = (nnx.bridge.ToLinen(_InMode(make, mode), metadata_fn=None) for mode in ("train", "eval"))
    return ModuleNetwork(trains, evaluates, make, precision)


@contextmanager
def _called(inputs: Array) -> Iterator[None]:
    """Call a module with fast convolutions. Its errors become `UserError`."""
    try:
        with nn.intercept_methods(_convolve_fast):
            yield
    except UserError:
        raise
    except InvalidRngError as error:
        raise UserError(
            f"model: the network asks for a random key that jnl does not give ({reason(error)}); in training it gives "
            'only `dropout`, so use self.make_rng("dropout")'
        ) from error
    except Exception as error:  # a module is the user's own program, so it can raise anything
        raise UserError(
            f"model: the network fails on inputs {inputs.dtype} {list(inputs.shape)}: {type(error).__name__}: "
            f"{reason(error)}"
        ) from error


def _switches(module: nn.Module, train: bool) -> dict[str, Any]:
    """Return the argument of the module's call that says whether it trains, if it has one."""
    parameters = inspect.signature(type(module).__call__).parameters
    return {
        **{name: train for name in _TRAINS if name in parameters},
        **{name: not train for name in _EVALUATES if name in parameters},
    }


def _convolve_fast(
    call: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any], context: nn.module.InterceptorContext
) -> Any:
    """Make each convolution layer of linen, unless it has a convolution of its own, use `convolution`."""
    layer = context.module
    if type(layer) is nn.Conv and layer.conv_general_dilated is None and layer.conv_general_dilated_cls is None:
        object.__setattr__(layer, "conv_general_dilated", convolution)  # modules are frozen outside of `setup`
    return call(*args, **keywords)


def convolution(
    lhs: Array,
    rhs: Array,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: lax.ConvDimensionNumbers | None = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: lax.PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    **others: Any,
) -> Array:
    """Convolve as `jax.lax.conv_general_dilated` does, by `convolve` where that can do it: it is fast inside loops.

    `convolve` does square kernels with one stride for images f32[B, H, W, c], without dilation and groups. `others` are
    the further arguments that some versions of JAX have.
    """
    ones = all(step == 1 for steps in (lhs_dilation, rhs_dilation) for step in steps or ())
    layout = lax.conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    simple = (
        lhs.ndim == 4
        and layout == lax.conv_dimension_numbers(lhs.shape, rhs.shape, ("NHWC", "HWIO", "NHWC"))
        and rhs.shape[0] == rhs.shape[1]
        and window_strides[0] == window_strides[1]
        and ones
        and feature_group_count == batch_group_count == 1
        and lhs.dtype == rhs.dtype
        and lhs.dtype in (jnp.float32, jnp.bfloat16)
        and precision is preferred_element_type is None
        and all(value is None for value in others.values())
    )
    if not simple:

        def own(lhs: Array, rhs: Array) -> Array:
            return lax.conv_general_dilated(
                lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers, feature_group_count,
                batch_group_count, precision, preferred_element_type, **others,
            )  # fmt: skip

        return by_itself(own, lhs.shape[layout.lhs_spec[1]])(lhs, rhs)
    given = (
        lax.padtype_to_pads(lhs.shape[1:3], rhs.shape[:2], window_strides, padding)
        if isinstance(padding, str)
        else padding
    )
    pads = [(int(low), int(high)) for low, high in given]
    edges = {edge for pair in pads for edge in pair}
    if len(edges) > 1 or min(edges) < 0 or max(edges) > 2:
        lhs, edges = lax.pad(lhs, jnp.zeros((), lhs.dtype), [(0, 0, 0), *((*pair, 0) for pair in pads), (0, 0, 0)]), {0}
    return convolve(lhs, rhs, edges.pop(), window_strides[0])
