"""How hard single examples are (Arpit et al. 2017, figure 1).

Some real examples are easy for every network, while all examples of random data are about equally hard. The study
counts how often each example is misclassified after one epoch, over many initializations and orders of the data. If all
examples were equally hard, this count would have a binomial distribution. The labels of randY are drawn once and are
the same for all networks, like the labels of a data set.
"""

import numpy as np

from jnl.studies import synthetic_images
from jnl.studies.figures import panels
from jnl.studies.report import mean_and_std, rounded
from jnl.studies.settings import Rows, Settings, StudyResult, config, load
from jnl.studies.training import curves, labels, one_program, predictions
from jnl.support.json_values import Json

USUAL = Settings(examples=0, epochs=1, seeds=100, batch_size=128)
_POINTS = 1001  # maximal number of points of a curve


def study(settings: Settings) -> StudyResult:
    """Measure the sorted misclassification rates of real data, randX and randY.

    The figure also has the rates if all examples were equally hard.
    """
    dataset = load(settings)
    chosen = config(settings, dataset)
    chosen.sweep = (("noise.rate", (0.0, 1.0)),)
    program_spec = one_program(chosen, dataset)
    _, states = curves(program_spec)
    real, random_labels = np.split(
        predictions(program_spec, states)[:, 0] != labels(program_spec), 2
    )  # bool[S, N] each
    noise = synthetic_images.gaussian_pixels(dataset, 0)
    program_spec = one_program(config(settings, noise), noise)
    _, states = curves(program_spec)
    random_inputs = predictions(program_spec, states)[:, 0] != labels(program_spec)
    wrong = {"real": real.sum(0), "randX": random_inputs.sum(0), "randY": random_labels.sum(0)}
    return _report(wrong, settings)


def binomial(number: int, probability: float) -> np.ndarray:
    """Return the probability of k misclassifications in `number` for k = 0..number: f64[number + 1]."""
    from scipy.stats import binom  # takes a second to import

    return binom.pmf(np.arange(number + 1), number, probability)


def equally_hard(number: int, probability: float, examples: int) -> np.ndarray:
    """Return the sorted misclassification counts that are expected if all examples are equally hard.

    Args:
      number: number of networks.
      probability: probability that a network misclassifies an example.
      examples: number of examples.

    Returns:
      f64[examples], quantiles of the binomial distribution.
    """
    from scipy.stats import binom

    return binom.ppf((np.arange(examples) + 0.5) / examples, number, probability)


def _report(wrong: dict[str, np.ndarray], settings: Settings) -> StudyResult:
    """Return the figure and the numbers; `wrong` has the misclassification counts of each kind of data, i64[N]."""
    number = settings.seeds
    title = f"{number} networks, {settings.epochs} epoch" + "s" * (settings.epochs > 1)
    figure, (axis,) = panels([title], [("examples, sorted (share)", "misclassified (share)")])
    rows: Rows = []
    summary: dict[str, Json] = {}
    for name, counts in wrong.items():
        mean, shown = counts.mean() / number, np.linspace(0, len(counts) - 1, min(len(counts), _POINTS)).astype(int)
        (line,) = axis.plot(shown / len(counts), np.sort(counts)[shown] / number, label=name)
        alike = equally_hard(number, mean, len(counts))[shown] / number
        axis.plot(shown / len(counts), alike, color=line.get_color(), linestyle=":", label=f"{name}, if equally hard")
        seen, expected = np.bincount(counts, minlength=number + 1), binomial(number, mean) * len(counts)
        rows += [
            {"data": name, "misclassified": k, "examples": int(seen[k]), "if_equally_hard": rounded(expected[k])}
            for k in range(number + 1)
        ]
        summary[name] = {
            "misclassified": mean_and_std(counts / number),
            "std_if_equally_hard": rounded(np.sqrt(mean * (1 - mean) / number)),
            "never_misclassified": rounded((counts == 0).mean()),
            "always_misclassified": rounded((counts == number).mean()),
        }
    axis.legend(fontsize="small")
    examples: Rows = [
        {"example": example, **{name: int(counts[example]) for name, counts in wrong.items()}}
        for example in range(len(wrong["real"]))
    ]
    return StudyResult(summary, {"histogram": rows, "examples": examples}, figure)
