"""Compare variants of a recipe on the validation part, clean and corrupted.

A variant lists the fields of the recipe that it changes, such as
`epochs=30,network.columns=5`. The unchanged recipe is always included. Each seed splits
off another validation part, which is the same for all variants. The test images are not
used. An interrupted benchmark continues where it stopped.
"""

import yaml

from digit_recognition.runtime import processor

from common import parse_arguments
from sweeps import corrupted_accuracies, date_range, run_sweep, worst_family


def parse_variant(text: str) -> dict:
    """Convert ``epochs=30,warmup=0.1`` into ``{"epochs": 30, "warmup": 0.1}``."""
    pairs = (item.partition("=") for item in text.split(","))
    return {field: yaml.safe_load(value) for field, _, value in pairs}


def main() -> None:
    arguments = parse_arguments(__doc__, recipe=str, seeds=int, variants=[])
    recipe, seeds = arguments.recipe, arguments.seeds
    variants = [{}, *map(parse_variant, arguments.variants)]
    results = run_sweep([recipe], seeds, variants, test=False)
    print(f"\n{recipe}, seeds 0 to {seeds - 1}, {processor()}, {date_range(results)}\n")
    print(
        "| variant | accuracy, % | each seed | loss | mean of MNIST-C, % |"
        " worst family of MNIST-C, % | training, s |"
    )
    print("|---|---|---|---|---|---|---|")
    for variant, found in results.groupby("changes", sort=False):
        accuracy = 100 * found["validation_accuracy"]
        print(
            f"| {variant or 'unchanged'} | {accuracy.mean():.3f} | "
            f"{', '.join(f'{value:.2f}' for value in accuracy)} | "
            f"{found['validation_loss'].mean():.4f} | "
            f"{100 * corrupted_accuracies(found).mean():.2f} | {worst_family(found)} | "
            f"{found['seconds'].median():.1f} |"
        )


if __name__ == "__main__":
    main()
