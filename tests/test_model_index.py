"""What model-index.yml lists is there, loads and is as large as it says."""

import re
from pathlib import Path

import pytest
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from modelindex.load_model_index import load

from ipdfer_mm.apis.loading import image_size, load_trained_model
from ipdfer_mm.deployment import plain_config

ROOT = Path(__file__).resolve().parents[1]
INDEX = load(str(ROOT / 'model-index.yml'))
INDEX.build_models_with_collections()


def test_lists_models():
    assert [model.name for model in INDEX.models] == ['ipdfer_ferplus',
                                                      'ipdfer_rendered']
    for collection in INDEX.collections:
        assert (ROOT / collection.readme).is_file()
        assert (ROOT / collection.code['URL']).is_file()


@pytest.mark.parametrize(
    'entry', list(INDEX.models), ids=lambda entry: entry.name)
def test_entry(entry):
    init_default_scope('ipdfer_mm')
    cfg = Config.fromfile(ROOT / entry.config)
    assert Path(entry.config).stem in (entry.name, f'{entry.name}_light_96')
    load_trained_model(cfg, entry.weights)  # strictly
    classes = [str(i) for i in range(cfg.model.expression_head.num_classes)]
    classifier = MODELS.build(
        {**plain_config(cfg, classes).model, '_scope_': 'mmpretrain'})
    size = image_size(cfg)
    info = get_model_complexity_info(
        classifier.eval(), (3, size, size), show_table=False, show_arch=False)
    assert entry.metadata.flops == info['flops']
    assert entry.metadata.parameters == info['params']
    accuracy = entry.results[0].metrics['Top 1 Accuracy']
    page = (ROOT / 'docs/model_card.md').read_text()
    assert f'{accuracy:.1f} %' in page
    before = re.search(r'epoch_(\d+)\.pth$', cfg.load_from or '')
    assert entry.metadata.data['Epochs'] == cfg.train_cfg.max_epochs + (
        int(before[1]) if before else 0)
