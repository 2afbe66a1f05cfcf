"""What tests of datasets run in several processes."""

import json
from pathlib import Path

import torch.distributed as dist

from helpers.dist_checks import init_gloo
from ipdfer_mm.datasets import AffectNet, FERPlus, SyntheticFaces


def load_faces(rank: int, world_size: int, port: int, folder: str,
               face_model: str) -> None:
    """Worker: samples of a dataset that is not rendered yet, or the error.

    Args:
        rank (int): Number of this process.
        world_size (int): Number of processes.
        port (int): Port of the process group.
        folder (str): Where to render, and to write ``<rank>.json``.
        face_model (str): File of the face model, '' for the built-in head.
    """
    init_gloo(rank, world_size, port)
    try:
        dataset = SyntheticFaces(
            folder + '/faces', 'train', face_model or None, num_subjects=2,
            num_images=4, img_size=32, num_workers=1)
        result = [dataset.get_data_info(i)['img_path'] for i in range(4)]
    except (FileNotFoundError, RuntimeError) as error:
        result = f'{type(error).__name__}: {error}'
    Path(folder, f'{rank}.json').write_text(json.dumps(result))
    dist.destroy_process_group()


def load_readers(rank: int, world_size: int, port: int, folder: str) -> None:
    """Worker: samples of datasets whose first process works for all.

    Args:
        rank (int): Number of this process.
        world_size (int): Number of processes.
        port (int): Port of the process group.
        folder (str): Holds ``ferplus`` and ``affectnet``; ``<rank>.json`` is
            written there.
    """
    init_gloo(rank, world_size, port)
    result = []
    for name, kind in (('ferplus', FERPlus), ('affectnet', AffectNet)):
        try:
            dataset = kind(f'{folder}/{name}', 'train')
            result += dataset.get_gt_labels().tolist()
        except (ValueError, RuntimeError) as error:
            result.append(f'{type(error).__name__}: {error}')
    Path(folder, f'{rank}.json').write_text(json.dumps(result))
    dist.destroy_process_group()
