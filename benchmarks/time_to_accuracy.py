"""Recipes against `plain`: seconds of fitting, accuracies, one table, one chart.

Each seed trains all recipes one after the other, in an order that changes, so that a
slow hour of the machine meets all of them. A benchmark that was stopped goes on where
it was; a training that was stopped is marked, for its seconds are not to be trusted.
The chart goes to docs/time_to_accuracy.png.

usage: python benchmarks/time_to_accuracy.py [SEEDS [RECIPE ...]]

`accurate`, which takes minutes a seed, has at most three.
"""

import sys

import pandas as pd

from digit_recognition.runtime import processor

from workbench import ROOT, corrupted, measure, worst_family

CHART = ROOT / "docs" / "time_to_accuracy.png"
RECIPES = ["plain", "quick", "standard", "accurate"]
MOST_SEEDS = {"accurate": 3}
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"]  # Okabe and Ito's


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    recipes = sys.argv[2:] or RECIPES
    rows = []
    for seed in range(seeds):
        turn = seed % len(recipes)
        rows += [
            measure(recipe, seed)
            for recipe in recipes[turn:] + recipes[:turn]
            if seed < MOST_SEEDS.get(recipe, seeds)
        ]
    results = pd.DataFrame(rows).sort_values("seed")
    plain = results[results["recipe"] == "plain"].set_index("seed")["fit_seconds"]

    days = " to ".join(sorted({results["date"].min(), results["date"].max()}))
    print(f"\n{processor()}, {days}\n")
    print(
        "| recipe | seeds | precision | fitting, s | of plain | test accuracy, % |"
        " MNIST-C's fifteen, % | worst of them, % |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for recipe in recipes:
        found = results[results["recipe"] == recipe].set_index("seed")
        seconds, accuracy = found["fit_seconds"], 100 * found["test_accuracy"]
        ratio = seconds / plain
        print(
            f"| {recipe} | {len(found)} | {found['precision'].iloc[0]} | "
            f"{seconds.median():.1f} | "
            f"{ratio.median():.2f} ({ratio.min():.2f} to {ratio.max():.2f}) | "
            f"{accuracy.mean():.2f} ({accuracy.min():.2f} to {accuracy.max():.2f}) | "
            f"{100 * corrupted(found).mean():.1f} | {worst_family(found)} |"
        )
    for row in results[results["resumed_after"].astype(int) > 0].itertuples():
        print(f"\n{row.recipe}, seed {row.seed}, was stopped and went on.")
    draw(results, recipes, days)


def draw(results: pd.DataFrame, recipes: list[str], days: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullLocator

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for recipe, colour in zip(recipes, COLOURS, strict=False):
        found = results[results["recipe"] == recipe]
        seconds, errors = found["fit_seconds"], 100 * (1 - found["test_accuracy"])
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
        xlabel="fitting, s",
        ylabel="test images read wrongly, %",
        title="Time against accuracy on MNIST's test images",
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
        f"dots: each seed, diamond: their median and mean · {processor()} · {days}",
        ha="right",
        fontsize=7,
        color="0.4",
    )
    figure.get_layout_engine().set(rect=(0, 0.03, 1, 0.97))
    figure.savefig(CHART, dpi=150)
    print(f"\nchart in {CHART.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
