"""Draw how to choose a method, with measured accuracies: `python docs/choosing_figure.py`."""

import io
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from measured import NOISES, last_epoch

PICTURE = Path(__file__).parent / "figures" / "choosing.svg"
QUESTIONS = {  # question -> what to take if the answer is yes; a name of a method gets its accuracies
    "Do you want to know\nwhich labels are wrong?": ["the label audit: jnl audit"],
    "Do you train a residual network\nfor hundreds of epochs?": ["dividemix"],
    "Do you know the share\nof wrong labels, roughly?": ["coteaching_plus", "jocor", "small_loss"],
    "Are the wrong labels spread\nevenly over the classes?": ["elr"],
}
OTHERWISE = ["symmetric_cross_entropy"]
INK, EDGE, QUESTION, ANSWER = "#1f2328", "#59636e", "#eef4fb", "#e9f6ec"
STEP, LEFT, RIGHT = 1.25, 2.0, 5.3  # distance of rows, center of the questions, left side of the answers


def answer(names: list[str]) -> str:
    """Return the text of an answer: each method with its accuracy under each noise."""
    of_noises = [last_epoch(noise) for noise in NOISES]
    lines = []
    for name in names:
        known = [f"{found[name].mean:.1f}" for found in of_noises if name in found]
        lines.append(f"{name}  ({' / '.join(known)})" if known else name)
    return "\n".join(lines)


def main() -> None:
    """Write the figure."""
    rows = [*QUESTIONS.items(), ("otherwise", OTHERWISE)]
    with matplotlib.rc_context({"font.size": 10, "svg.hashsalt": "jnl", "text.color": INK}):
        figure = Figure(figsize=(7.6, 5.0), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0.3, 9.1), ylim=(-STEP * len(rows) - 0.1, 0.25))
        axes.axis("off")
        arrow = {"arrowstyle": "-|>", "color": EDGE, "shrinkA": 0, "shrinkB": 0}
        for number, (question, names) in enumerate(rows):
            height, last = -STEP * (number + 0.5), number == len(rows) - 1
            box = {"boxstyle": "round,pad=0.55", "facecolor": QUESTION, "edgecolor": EDGE}
            axes.text(LEFT, height, question, ha="center", va="center", bbox=box, zorder=3)
            green = box | {"facecolor": ANSWER}
            axes.text(RIGHT, height, answer(names), ha="left", va="center", bbox=green, zorder=3)
            axes.annotate("", (RIGHT - 0.22, height), (LEFT, height), arrowprops=arrow, zorder=1)
            if not last:
                axes.text(4.3, height + 0.08, "yes", ha="center", va="bottom")
                axes.annotate("", (LEFT, height - STEP + 0.33), (LEFT, height), arrowprops=arrow, zorder=1)
                axes.text(LEFT + 0.12, height - STEP / 2, "no", va="center")
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    PICTURE.write_text(written.getvalue(), "utf-8")


if __name__ == "__main__":
    main()
