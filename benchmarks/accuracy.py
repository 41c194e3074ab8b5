"""Test accuracy of a recipe over several seeds: mean, standard deviation, worst, best.

One model is trained for each seed. It is tested on MNIST's test images, both clean and
corrupted by each family of corruptions. An interrupted benchmark continues where it
stopped.
"""

from digit_recognition.corruptions import FAMILIES, MNIST_C
from digit_recognition.runtime import processor

from common import parse_arguments
from sweeps import date_range, run_sweep


def main() -> None:
    arguments = parse_arguments(__doc__, recipe=str, seeds=5)
    recipe, seeds = arguments.recipe, arguments.seeds
    rows = run_sweep([recipe], seeds, test=True)
    print(f"\n{recipe}, seeds 0 to {seeds - 1}, {rows['precision'].iloc[0]}")
    print(f"{processor()}, {date_range(rows)}\n")
    print("| | mean | standard deviation | worst | best |")
    print("|---|---|---|---|---|")
    for name, column in (
        ("test accuracy, %", 100 * rows["test_accuracy"]),
        ("without contested labels, %", 100 * rows["test_accuracy_uncontested"]),
        ("mean of MNIST-C's families, %", 100 * rows[list(MNIST_C)].mean(axis=1)),
        *((f"{family}, %", 100 * rows[family]) for family in FAMILIES),
    ):
        spread = column.std() if seeds > 1 else 0.0
        print(
            f"| {name} | {column.mean():.3f} | {spread:.3f} | {column.min():.2f} | "
            f"{column.max():.2f} |"
        )
    seconds = rows["seconds"]
    print(
        f"| training, s | {seconds.mean():.1f} | {seconds.std():.1f} | "
        f"{seconds.max():.1f} | {seconds.min():.1f} |"
    )


if __name__ == "__main__":
    main()
