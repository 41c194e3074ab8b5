"""How accurate a recipe is over seeds: mean, spread, worst, on MNIST's test images.

As they are, and through each family of corruptions.

A training each, in a process of its own; a benchmark that was stopped goes on where it
was. usage: python benchmarks/accuracy.py RECIPE [SEEDS]
"""

import sys

import pandas as pd

from digit_recognition.corruptions import FAMILIES, MNIST_C
from digit_recognition.runtime import processor

from workbench import measure


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(
            f"expected a recipe, received none; python {sys.argv[0]} RECIPE [SEEDS]"
        )
    recipe = sys.argv[1]
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    rows = pd.DataFrame([measure(recipe, seed) for seed in range(seeds)])
    print(f"\n{recipe}, seeds 0 to {seeds - 1}, {rows['precision'].iloc[0]}")
    days = " to ".join(sorted({rows["date"].min(), rows["date"].max()}))
    print(f"{processor()}, {days}\n")
    print("| | mean | standard deviation | worst | best |")
    print("|---|---|---|---|---|")
    for name, column in (
        ("test accuracy, %", 100 * rows["test_accuracy"]),
        ("without contested labels, %", 100 * rows["test_accuracy_uncontested"]),
        ("MNIST-C's fifteen, mean, %", 100 * rows[list(MNIST_C)].mean(axis=1)),
        *((f"{family}, %", 100 * rows[family]) for family in FAMILIES),
    ):
        spread = column.std() if seeds > 1 else 0.0
        print(
            f"| {name} | {column.mean():.3f} | {spread:.3f} | {column.min():.2f} | "
            f"{column.max():.2f} |"
        )
    seconds = rows["fit_seconds"]
    print(
        f"| fitting, s | {seconds.mean():.1f} | {seconds.std():.1f} | "
        f"{seconds.max():.1f} | {seconds.min():.1f} |"
    )


if __name__ == "__main__":
    main()
