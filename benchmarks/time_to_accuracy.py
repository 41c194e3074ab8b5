"""Training time and accuracy of recipes, compared with `plain`: a table and a chart.

All recipes are trained with one seed before the next seed starts, so that slow periods
of the machine affect all recipes. `accurate` takes minutes per seed, so it is trained
with at most three seeds. If the other recipes have more, it is trained separately.

An interrupted benchmark continues where it stopped, but repeats the training that was
interrupted. The chart is saved as docs/time_to_accuracy.png.
"""

import pandas as pd

from digit_recognition.runtime import processor

from common import ROOT, parse_arguments
from sweeps import corrupted_accuracies, date_range, run_sweep, worst_family

CHART = ROOT / "docs" / "time_to_accuracy.png"
RECIPES = ["plain", "quick", "standard", "accurate"]
MAX_SEEDS = {"accurate": 3}
COLOURS = [
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
]  # Okabe and Ito 2008, colour-blind-safe


def main() -> None:
    arguments = parse_arguments(__doc__, seeds=5, recipes=RECIPES)
    seeds, recipes = arguments.seeds, arguments.recipes
    groups: dict[int, list[str]] = {}
    for recipe in recipes:
        count = min(seeds, MAX_SEEDS.get(recipe, seeds))
        groups.setdefault(count, []).append(recipe)
    results = pd.concat(
        run_sweep(names, count, test=True) for count, names in groups.items()
    ).sort_values("seed")
    plain = results[results["recipe"] == "plain"].set_index("seed")["seconds"]

    days = date_range(results)
    print(f"\n{processor()}, {days}\n")
    print(
        "| recipe | seeds | precision | training, s | ratio to plain |"
        " test accuracy, % | mean of MNIST-C, % | worst family of MNIST-C, % |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for recipe in recipes:
        found = results[results["recipe"] == recipe].set_index("seed")
        seconds, accuracy = found["seconds"], 100 * found["test_accuracy"]
        ratio = seconds / plain
        print(
            f"| {recipe} | {len(found)} | {found['precision'].iloc[0]} | "
            f"{seconds.median():.1f} | "
            f"{ratio.median():.2f} ({ratio.min():.2f} to {ratio.max():.2f}) | "
            f"{accuracy.mean():.2f} ({accuracy.min():.2f} to {accuracy.max():.2f}) | "
            f"{100 * corrupted_accuracies(found).mean():.1f} | {worst_family(found)} |"
        )
    draw_chart(results, recipes, days)


def draw_chart(results: pd.DataFrame, recipes: list[str], days: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullLocator

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for recipe, colour in zip(recipes, COLOURS, strict=False):
        found = results[results["recipe"] == recipe]
        seconds, errors = found["seconds"], 100 * (1 - found["test_accuracy"])
        axes.scatter(
            *(seconds.median(), errors.mean(), 120),
            facecolor="none",
            edgecolor=colour,
            marker="D",
        )
        axes.scatter(seconds, errors, s=18, color=colour, linewidths=0)
        axes.annotate(
            f"{recipe}\n{100 - errors.mean():.2f} %",
            (seconds.median(), errors.mean()),
            xytext=(10, 6),
            textcoords="offset points",
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="training time, s",
        ylabel="test error, %",
        title="Training time and test error of the recipes",
    )
    axes.margins(x=0.2, y=0.2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.3)
    figure.text(
        0.995,
        0.005,
        f"dots: seeds, diamonds: median time and mean error · {processor()} · {days}",
        ha="right",
        fontsize=7,
        color="0.4",
    )
    figure.get_layout_engine().set(rect=(0, 0.03, 1, 0.97))
    figure.savefig(CHART, dpi=150)
    print(f"\nchart saved in {CHART.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
