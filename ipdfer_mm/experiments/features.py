"""Features of a finished run's network."""

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DATASETS, init_default_scope
from tqdm import tqdm

from ipdfer_mm.apis.loading import load_trained_model
from ipdfer_mm.utils.checkpoint_files import newest

from .results import RunResult

BATCH_SIZE = 64


@torch.no_grad()
def extract_features(run: RunResult, which: str,
                     names: set[str]) -> dict[str, np.ndarray]:
    """Features of test images from the network before its classifier.

    Args:
        run (RunResult): A finished run.
        which (str): ``'last'`` or ``'best'`` checkpoint.
        names (set[str]): Paths of the images, as in its predictions.

    Returns:
        dict[str, np.ndarray]: (D, ) by path of the image.

    Raises:
        OSError: If the checkpoint or an image is gone; names it.
    """
    cfg = Config(run.settings)
    init_default_scope(cfg.get('default_scope', 'ipdfer_mm'))
    checkpoint = newest(run.folder, which)
    if checkpoint is None:
        raise FileNotFoundError(f'{run.folder} has no {which} checkpoint any '
                                'more: the features need it.')
    model = load_trained_model(cfg, str(checkpoint))
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    indices = [i for i in range(len(dataset))
               if dataset.get_data_info(i)['img_path'] in names]
    features = {}
    for start in tqdm(range(0, len(indices), BATCH_SIZE), disable=None):
        data = model.data_preprocessor(default_collate(
            [dataset[i] for i in indices[start:start + BATCH_SIZE]]))
        feats = model.extract_feat(data['inputs'], stage='pre_logits')
        for sample, feat in zip(data['data_samples'], feats.cpu().numpy()):
            features[sample.img_path] = feat
    return features
