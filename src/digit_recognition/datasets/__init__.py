"""How things are stored: MNIST from wherever it is, arrays as Zarr, checkpoints."""

from .checkpoints_dataset import Checkpoints, CheckpointsDataset
from .mnist_dataset import MnistDataset
from .zarr_dataset import ZarrDataset

__all__ = ["Checkpoints", "CheckpointsDataset", "MnistDataset", "ZarrDataset"]
