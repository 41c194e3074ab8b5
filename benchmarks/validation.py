"""Compare variants of a recipe on the validation part, clean and corrupted.

The test images are not used. A variant lists the fields of the recipe to change, such
as `epochs=30,network.columns=5`; the unchanged recipe is always included. For a given
seed, all variants have the same validation part. An interrupted benchmark continues
where it stopped.
"""

import pandas as pd

from digit_recognition.runtime import processor

from common import parse_arguments
from trainings import (
    corrupted_accuracies,
    date_range,
    train_and_score,
    worst_family,
)


def main() -> None:
    arguments = parse_arguments(__doc__, recipe=str, seeds=int, variants=[])
    recipe, seeds = arguments.recipe, arguments.seeds
    variants = ["", *arguments.variants]
    rows = []
    for seed in range(seeds):
        for variant in variants:
            fields = filter(None, variant.split(","))
            params = ",".join(f"train.recipes.{recipe}.{field}" for field in fields)
            scores = train_and_score(recipe, seed, params, test=False)
            rows.append({**scores, "variant": variant})
    results = pd.DataFrame(rows)
    print(f"\n{recipe}, seeds 0 to {seeds - 1}, {processor()}, {date_range(results)}\n")
    print(
        "| variant | accuracy, % | each seed | loss | mean of MNIST-C, % |"
        " worst family of MNIST-C, % | training, s |"
    )
    print("|---|---|---|---|---|---|---|")
    for variant in variants:
        found = results[results["variant"] == variant]
        accuracy = 100 * found["validation_accuracy"]
        print(
            f"| {variant or 'unchanged'} | {accuracy.mean():.3f} | "
            f"{', '.join(f'{value:.2f}' for value in accuracy)} | "
            f"{found['validation_loss'].mean():.4f} | "
            f"{100 * corrupted_accuracies(found).mean():.2f} | {worst_family(found)} | "
            f"{found['fit_seconds'].median():.1f} |"
        )


if __name__ == "__main__":
    main()
