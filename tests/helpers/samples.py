"""What tests read of datasets, and files that datasets read."""

from pathlib import Path

from ipdfer_mm.datasets import FERDataset

# From an image to the inputs of a model, in any scope.
LOAD_AND_PACK = [dict(type='ipdfer_mm.LoadFaceImage'),
                 dict(type='ipdfer_mm.PackFaceInputs')]


def infos(dataset: FERDataset) -> list[dict]:
    """All samples, before the pipeline."""
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def class_names(dataset: FERDataset) -> list[str]:
    """The class of each sample."""
    return [dataset.CLASSES[label] for label in dataset.get_gt_labels()]


def touch(root: Path, *names: str) -> Path:
    """Make empty files and their folders below a folder, and return it."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root
