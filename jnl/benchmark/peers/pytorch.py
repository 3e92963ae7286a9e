"""Measure an epoch of JoCoR on CIFAR-10 or MNIST in PyTorch, with the network, batch, loss and optimizer of jnl.

python -m jnl.benchmark.peers.pytorch [--work cnn7 mlp] [--precisions float32 tf32 bfloat16] [--modes eager compiled]
    [--steps 100] [--out FILE.json]

The data are random and stay on the device, as in `jnl benchmark --work cnn7 --runs 1`. The images are in the
layout `channels_last`, Adam updates all parameters in one kernel, and nothing waits for the device before the epoch
ends. So it lacks the delays of the published loop. The test images are taken from the training set. Only the first
steps are measured, and the seconds are scaled to a whole epoch.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from jnl.benchmark.timing import Seconds, repeat
from jnl.support.command import exit_code
from jnl.support.errors import whole_number

try:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional
except ModuleNotFoundError as error:
    raise SystemExit(f"jnl.benchmark.peers.pytorch: {error}; pip install torch") from error

TEST, BATCH, CLASSES = 10_000, 128, 10
CO_LAMBDA, KEEP = 0.9, 64  # symmetric noise of 50 %
PRECISIONS, MODES = ["float32", "tf32", "bfloat16"], ["eager", "compiled"]


def cnn7() -> nn.Module:
    """Create the 7-layer CNN of JoCoR."""
    layers: list[nn.Module] = []
    channels = 3
    for block in ((64, 64), (128, 128), (196, 16)):
        for features in block:
            layers += [nn.Conv2d(channels, features, 3, padding=1), nn.BatchNorm2d(features), nn.ReLU()]
            channels = features
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 16, CLASSES))


def mlp() -> nn.Module:
    """Create the MLP of JoCoR."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, CLASSES))


class Work(NamedTuple):
    """A network and the size of its data."""

    network: Callable[[], nn.Module]
    shape: tuple[int, int, int]  # channels, height, width
    train: int


WORK = {"cnn7": Work(cnn7, (3, 32, 32), 50_000), "mlp": Work(mlp, (1, 28, 28), 60_000)}


def joint_loss(first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of JoCoR, the mean over the `KEEP` examples with the smallest one: f32[B, C] twice -> f32[]."""
    one, two = functional.log_softmax(first, 1), functional.log_softmax(second, 1)
    supervised = functional.nll_loss(one, labels, reduction="none") + functional.nll_loss(two, labels, reduction="none")
    agreement = ((one.exp() - two.exp()) * (one - two)).sum(1)
    loss = (1 - CO_LAMBDA) * supervised + CO_LAMBDA * agreement
    return loss.topk(KEEP, largest=False).values.mean()


def measure(work: Work, precision: str, mode: str, device: str, steps: int, repetitions: int) -> Seconds:
    """Measure an epoch of training and evaluation.

    Args:
      work: the network and the size of its data.
      precision: one of `PRECISIONS`.
      mode: one of `MODES`; `compiled` uses `torch.compile`.
      device: `cuda` or `cpu`.
      steps: number of training steps that are measured, at most a whole epoch.
      repetitions: number of measurements, after two that are not counted.

    Returns:
      Seconds, scaled to a whole epoch.
    """
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "float32"
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    train = work.train
    images = torch.randint(0, 256, (train, *work.shape), dtype=torch.uint8, device=device)
    images = images.to(memory_format=torch.channels_last)
    labels = torch.randint(0, CLASSES, (train,), device=device)
    networks = nn.ModuleList([work.network(), work.network()]).to(device=device, memory_format=torch.channels_last)
    adam = torch.optim.Adam(networks.parameters(), 1e-3, fused=device == "cuda")

    def train_loss(index: Tensor) -> Tensor:
        inputs = images[index].to(memory_format=torch.channels_last).float() / 255
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            logits = [network(inputs) for network in networks]
        return joint_loss(logits[0].float(), logits[1].float(), labels[index])

    def right(index: Tensor) -> Tensor:
        inputs = images[index].to(memory_format=torch.channels_last).float() / 255
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            return torch.stack([(network(inputs).argmax(1) == labels[index]).sum() for network in networks])

    if mode == "compiled":
        train_loss, right = torch.compile(train_loss), torch.compile(right)
    share = steps * BATCH / train

    def epoch() -> float:
        order, total = torch.randperm(train, device=device), torch.zeros((), device=device)
        networks.train()
        for index in order[: steps * BATCH].split(BATCH):
            adam.zero_grad(set_to_none=True)
            loss = train_loss(index)
            loss.backward()
            adam.step()
            total += loss.detach()
        networks.eval()
        test = torch.arange(max(BATCH, round(TEST * share) // BATCH * BATCH), device=device)
        with torch.no_grad():
            counted = torch.stack([right(index) for index in test.split(BATCH)]).sum(0)
        return float(total) + float(counted.sum())  # waits for the device

    epoch()
    epoch()
    return Seconds(*(value * (train // BATCH) / steps for value in repeat(epoch, repetitions)))


def main(arguments: Sequence[str]) -> int:
    """Measure and print a table. Return the exit code 0."""
    parser = argparse.ArgumentParser(
        "python -m jnl.benchmark.peers.pytorch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--work", nargs="+", choices=WORK, default=["cnn7"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where the numbers go, as JSON")
    asked = parser.parse_args(arguments)
    whole_number("--steps", asked.steps, 1)
    whole_number("--repetitions", asked.repetitions, 1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    card = torch.cuda.get_device_name() if device == "cuda" else device
    print(f"PyTorch {torch.__version__}, {card}; seconds per run and epoch")
    rows = []
    for name, mode, precision in product(asked.work, asked.modes, asked.precisions):
        steps = min(asked.steps, WORK[name].train // BATCH)
        seconds = measure(WORK[name], precision, mode, device, steps, asked.repetitions)
        rows.append(
            {"work": name, "mode": mode, "precision": precision, "steps": steps, "seconds_per_epoch": seconds._asdict()}
        )
        print(f"{name:5} {mode:9} {precision:9} {seconds}", flush=True)
    if asked.out is not None:
        found = {"torch": torch.__version__, "device": card, "epochs": rows}
        asked.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
