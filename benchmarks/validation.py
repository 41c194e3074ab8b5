"""Variants of a recipe side by side on the validation part, clean and corrupted.

Test images are not seen. A variant is the recipe's fields to change, as in
`epochs=30,network.columns=5`; the recipe as it is comes first. All variants of a seed
have the same validation part. A benchmark that was stopped goes on where it was.

usage: python benchmarks/validation.py RECIPE SEEDS [VARIANT ...]
"""

import sys

import pandas as pd

from digit_recognition.runtime import processor

from workbench import corrupted, measure, worst_family


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit("expected a recipe and seeds; see the usage in this file")
    recipe, seeds, variants = sys.argv[1], int(sys.argv[2]), ["", *sys.argv[3:]]
    rows = []
    for seed in range(seeds):
        for variant in variants:
            fields = filter(None, variant.split(","))
            params = ",".join(f"train.recipes.{recipe}.{field}" for field in fields)
            rows.append({**measure(recipe, seed, params, test=False), "as": variant})
    results = pd.DataFrame(rows)
    days = " to ".join(sorted({results["date"].min(), results["date"].max()}))
    print(f"\n{recipe}, seeds 0 to {seeds - 1}, {processor()}, {days}\n")
    print(
        "| variant | accuracy, % | each seed | loss | MNIST-C's fifteen, % | worst |"
        " fitting, s |"
    )
    print("|---|---|---|---|---|---|---|")
    for variant in variants:
        found = results[results["as"] == variant]
        accuracy = 100 * found["validation_accuracy"]
        print(
            f"| {variant or 'as it is'} | {accuracy.mean():.3f} | "
            f"{', '.join(f'{value:.2f}' for value in accuracy)} | "
            f"{found['validation_loss'].mean():.4f} | "
            f"{100 * corrupted(found).mean():.2f} | {worst_family(found)} | "
            f"{found['fit_seconds'].median():.1f} |"
        )


if __name__ == "__main__":
    main()
