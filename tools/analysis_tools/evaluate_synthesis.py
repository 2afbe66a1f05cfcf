"""Measure the faces that a trained IPD-FER or ID-FER model synthesises.

On the test set of a config: error of the reconstruction against that of the
mean training picture, and whose face the synthesised ones are.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmengine.dataset import default_collate
from mmengine.registry import DATASETS, MODELS, init_default_scope
from mmengine.runner import load_checkpoint
from mmengine.utils import track_iter_progress

from ipdfer_mm.datasets import FERDataset
from ipdfer_mm.evaluation import (
    fisherface_accuracy,
    identity_cosine,
    reconstruction_error,
)
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.utils.compat import set_checkpoint_trust
from ipdfer_mm.visualization import picture_grid

BATCH_SIZE = 64
GRID_ROWS = 12
SYNTHESISED = ('identity', 'neutral', 'reconstruction')


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('--out', help='file for the numbers (.json)')
    parser.add_argument('--grid', help='file for a picture grid (.png)')
    parser.add_argument(
        '--max-yaw',
        type=float,
        default=180,
        help='measure test pictures up to this yaw in degrees only')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load pickled objects, which can run any code')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args()


def load_pictures(
        dataset: FERDataset,
        model: IPDFERModel,
        max_yaw: float = 180) -> tuple[torch.Tensor, np.ndarray]:
    """Load the pictures of a data set as the model gets them.

    Args:
        dataset (FERDataset): The data set, with a test pipeline.
        model (IPDFERModel): Its data preprocessor is used.
        max_yaw (float): Largest absolute yaw in degrees; pictures of unknown
            yaw count as frontal.

    Returns:
        tuple[Tensor, np.ndarray]: Pictures (N, 3, H, W) in [-1, 1], and
        the subjects (N, ), empty strings where unknown.
    """
    pictures, subjects = [], []
    indices = [i for i in range(len(dataset))
               if not abs(dataset.get_data_info(i)['yaw']) > max_yaw]
    starts = range(0, len(indices), BATCH_SIZE)
    for start in track_iter_progress(list(starts)):
        chosen = indices[start:start + BATCH_SIZE]
        batch = default_collate([dataset[i] for i in chosen])
        pictures.append(model.data_preprocessor(batch)['inputs'].cpu())
        subjects += [s.get('subject', '') for s in batch['data_samples']]
    return torch.cat(pictures), np.array(subjects)


@torch.no_grad()
def run_model(model: IPDFERModel,
              pictures: torch.Tensor) -> dict[str, torch.Tensor]:
    """Synthesise all faces and embed them with the identity encoder."""
    device = next(model.parameters()).device
    outputs: dict[str, list] = {}
    for batch in track_iter_progress(list(pictures.split(BATCH_SIZE))):
        faces = dict(input=batch.to(device), **model.synthesize(
            batch.to(device)))
        for name, face in faces.items():
            outputs.setdefault(name, []).append(face.cpu())
            outputs.setdefault(f'{name}_feat', []).append(
                model.identity_encoder(face).cpu())
    return {name: torch.cat(parts) for name, parts in outputs.items()}


def measure(outputs: dict, mean_picture: torch.Tensor,
            subjects: np.ndarray) -> dict:
    """All numbers of the report."""
    report = reconstruction_error(outputs['input'].numpy(),
                                  outputs['reconstruction'].numpy(),
                                  mean_picture.numpy())
    if len(set(subjects)) < 2:
        return report
    real = outputs['input'].mean(dim=1).numpy()
    real_feat = outputs['input_feat'].numpy()
    for name in ('input', *SYNTHESISED):
        report[f'identity_cosine/{name}'] = identity_cosine(
            outputs[f'{name}_feat'].numpy(), real_feat, subjects)
        report[f'fisherface_accuracy/{name}'] = fisherface_accuracy(
            outputs[name].mean(dim=1).numpy(), real, subjects)
    return report


def main() -> None:
    """Measure."""
    args = parse_args()
    cfg = Config.fromfile(args.config)
    if args.cfg_options is not None:
        cfg.merge_from_dict(args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'ipdfer_mm'))
    set_checkpoint_trust(args.trust_checkpoint)
    model = MODELS.build(cfg.model)
    load_checkpoint(model, args.checkpoint, strict=True)
    model.to('cuda' if torch.cuda.is_available() else 'cpu').eval()

    test_cfg = cfg.test_dataloader.dataset
    train_cfg = {**cfg.train_dataloader.dataset, 'pipeline': test_cfg.pipeline}
    train_pictures, _ = load_pictures(DATASETS.build(train_cfg), model)
    pictures, subjects = load_pictures(
        DATASETS.build(test_cfg), model, args.max_yaw)
    outputs = run_model(model, pictures)
    report = dict(num_pictures=len(pictures))
    report |= measure(outputs, train_pictures.mean(dim=0), subjects)
    text = json.dumps(report, indent=2)
    print(f'\n{text}')
    if args.out:
        Path(args.out).write_text(text + '\n')
    if args.grid:
        rows = np.linspace(0, len(pictures) - 1, GRID_ROWS).astype(int)
        grid = picture_grid(
            {name: outputs[name][rows] for name in ('input', *SYNTHESISED)})
        if not cv2.imwrite(args.grid, grid[..., ::-1]):
            raise OSError(f'{args.grid} could not be written.')


if __name__ == '__main__':
    main()
