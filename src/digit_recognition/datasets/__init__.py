"""How things are stored: MNIST and MNIST-C, arrays as Zarr, checkpoints."""

from .checkpoints_dataset import Checkpoints, CheckpointsDataset
from .mnist_c_dataset import MnistCDataset
from .mnist_dataset import MnistDataset
from .zarr_dataset import ZarrDataset

__all__ = [
    "Checkpoints",
    "CheckpointsDataset",
    "MnistCDataset",
    "MnistDataset",
    "ZarrDataset",
]
