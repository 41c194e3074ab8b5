"""Load and save MNIST, MNIST-C, arrays, models, checkpoints and pictures.

Each class is imported on first use, because importing Zarr alone takes a seventh of a
run's start-up time.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "atomic_catalog": ["AtomicCatalog"],
        "checkpoints_dataset": ["Checkpoints", "CheckpointsDataset"],
        "keras_dataset": ["KerasDataset"],
        "journal_dataset": ["Journal", "JournalDataset"],
        "mnist_c_dataset": ["MnistCDataset"],
        "mnist_dataset": ["MnistDataset"],
        "onnx_dataset": ["OnnxDataset"],
        "picture_folder_dataset": ["PictureFolderDataset"],
        "pictures": ["Partition", "Picture", "Pictures"],
        "pictures_dataset": ["PicturesDataset"],
        "shared_folder_dataset": ["SharedFolder", "SharedFolderDataset"],
        "studies_dataset": ["StudiesDataset"],
        "zarr_dataset": ["ZarrDataset"],
    },
)
