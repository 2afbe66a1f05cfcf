import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from ipdfer_mm.apis.loading import aligned_size, image_size
from ipdfer_mm.apis.pipeline import build_pipeline
from ipdfer_mm.utils.files import sha256

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
# Those of face recognition have no expressions.
NAMES = sorted(
    str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts and 'pretrain' not in str(path))


@pytest.mark.parametrize('name', NAMES)
def test_all_configs(name):
    """Faces of the size that the test set gives the model."""
    config = Config.fromfile(CONFIGS / name)
    small = 'full_size' not in name and any(
        word in name for word in ('cmufaces', 'demo', 'rendered', 'small'))
    size = aligned_size(config, {})
    assert size == (64 if small else 112)
    image = np.full((size, size, 3), 7, np.uint8)
    packed = build_pipeline(config)(
        dict(img=image, img_shape=(size, size), aligned=True))
    sizes = {'ipdfer_ferplus_light.py': 80, 'ipdfer_ferplus_light_96.py': 96}
    side = sizes.get(name, size)  # the pipeline resizes them
    assert image_size(config) == side
    assert packed['inputs'].shape == (3, side, side)
    assert (packed['inputs'] == 7).all()


def config_of(*steps, **dataset):
    pipeline = [dict(type='LoadFaceImage'), *steps,
                dict(type='PackFaceInputs')]
    return Config(dict(test_dataloader=dict(
        dataset=dict(pipeline=pipeline, **dataset))))


def test_size_of_the_prepared_faces(tmp_path):
    """Only of the recipe that the checkpoint was trained with."""
    recipe = tmp_path / 'prepared/recipe.json'
    recipe.parent.mkdir()
    recipe.write_text(json.dumps(dict(size=80)))
    config = config_of(
        dict(type='mmpretrain.Resize', scale=(112, 112)),
        data_root=str(tmp_path), manifest='prepared/manifest.csv')
    assert aligned_size(config, dict(recipe=sha256(str(recipe)))) == 80
    assert aligned_size(config, dict(recipe='another')) == 112
    assert aligned_size(config, {}) == 112
    recipe.unlink()
    assert aligned_size(config, dict(recipe='another')) == 112


def test_order_of_sources():
    align = dict(type='ipdfer_mm.AlignFace')
    resize = dict(type='Resize', scale=48)
    assert aligned_size(config_of(resize, align, img_size=64), {}) == 112
    assert aligned_size(config_of(resize, img_size=64), {}) == 64
    assert aligned_size(config_of(resize), {}) == 48
    with pytest.raises(ValueError, match='recipe=dict'):
        aligned_size(config_of(), {})
