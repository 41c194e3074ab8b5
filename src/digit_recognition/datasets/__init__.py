"""How things are stored: MNIST from wherever it is, arrays as Zarr."""

from .mnist_dataset import MnistDataset
from .zarr_dataset import ZarrDataset

__all__ = ["MnistDataset", "ZarrDataset"]
