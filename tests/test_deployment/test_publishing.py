"""The published classifier is the model's expression branch, no more."""

import json
import subprocess
import sys
import textwrap
from copy import deepcopy
from pathlib import Path

import cv2
import mmpretrain
import numpy as np
import pytest
import torch
from helpers.small_model import CLASSES, SIZE, build_model, model_cfg
from helpers.tools import ROOT
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from ipdfer_mm.datasets import EXPRESSIONS
from ipdfer_mm.deployment import plain_config, plain_state, publish
from ipdfer_mm.utils.weight_files import load_weights

TOOLS = Path(mmpretrain.__file__).parent / '.mim/tools'
# mmpretrain's tools, one after the other, where there is no ipdfer_mm.
ALONE = textwrap.dedent('''
    import runpy
    import sys

    sys.modules['ipdfer_mm'] = None
    import numpy as np
    from mmpretrain.apis import ImageClassificationInferencer

    tools, config, weights, size, *images = sys.argv[1:]
    infer = ImageClassificationInferencer(config, weights)
    results = infer(images)
    np.save('scores.npy', [result['pred_scores'] for result in results])
    print('class', results[0]['pred_class'])

    def run(tool, *args):
        sys.argv = [tool, *args]
        runpy.run_path(f'{tools}/{tool}', run_name='__main__')

    run('visualization/vis_cam.py', images[0], config, weights,
        '--save-path', 'cam.png')
    run('analysis_tools/get_flops.py', config, '--shape', size)
    run('test.py', config, weights, '--out', 'metrics.json', '--out-item',
        'metrics')
    assert sys.modules['ipdfer_mm'] is None
''')


def save(folder, **kwargs):
    """A config and a checkpoint of a small model, and the model."""
    init_default_scope('ipdfer_mm')
    model = build_model(**kwargs).eval()
    checkpoint = folder / 'model.pth'
    meta = dict(dataset_meta=dict(classes=CLASSES), seed=1)
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    return Config(dict(model=model_cfg(**kwargs))), str(checkpoint), model


@pytest.fixture
def faces(shared, tmp_path):
    """Files of real faces."""
    files = sorted((shared / 'data/cmu_faces/faces').glob('*/*_open.pgm'))
    paths = [tmp_path / f'{i}.png' for i in range(3)]
    for path, file in zip(paths, files[::40]):
        cv2.imwrite(str(path), cv2.imread(str(file)))
    return [str(path) for path in paths]


def scores_of(model, faces):
    """Scores of the whole model, the images read and resized by hand."""
    images = [cv2.resize(cv2.imread(face), (SIZE, SIZE)) for face in faces]
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    data = model.data_preprocessor(dict(inputs=batch))
    with torch.no_grad():
        return torch.cat([model(inputs[None], mode='tensor').softmax(1)
                          for inputs in data['inputs']]).numpy()


def test_mmpretrain_alone_gives_the_same_bits(tmp_path, faces):
    pytest.importorskip(
        'pytorch_grad_cam', reason='needs grad-cam of requirements/tests.txt')
    cfg, checkpoint, model = save(tmp_path)
    expected = scores_of(model, faces)
    assert np.ptp(expected, axis=0).max() > 1e-3  # faces are told apart
    # The labels make two of three right.
    labels = expected.argmax(axis=1)
    labels[0] = (labels[0] + 1) % len(CLASSES)
    (tmp_path / 'data/faces').mkdir(parents=True)
    (tmp_path / 'data/faces/labels.txt').write_text(''.join(
        f'{face} {label}\n' for face, label in zip(faces, labels)))
    weights = tmp_path / 'out/plain.pth'
    config = publish(cfg, checkpoint, weights)
    done = subprocess.run(
        [sys.executable, '-c', ALONE, TOOLS, config, weights, str(SIZE),
         *faces], env=dict(PATH='/usr/bin:/bin', OMP_NUM_THREADS='1'),
        cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / 'scores.npy'), expected)
    assert f'class {CLASSES[expected[0].argmax()]}' in done.stdout
    assert 'Flops: ' in done.stdout
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    assert metrics['accuracy/top1'] == pytest.approx(200 / 3, abs=0.01)
    image = cv2.imread(str(tmp_path / 'cam.png')).astype(int)
    assert image.shape == (SIZE, SIZE, 3)
    assert np.abs(image[..., 0] - image[..., 2]).max() > 50  # colored


def test_the_test_set_stays():
    cfg = Config.fromfile(ROOT / 'configs/ipdfer_rafdb.py')
    plain = plain_config(cfg, EXPRESSIONS)
    dataset = plain.test_dataloader.dataset
    assert dataset.type == 'ipdfer_mm.RAFDB' and dataset.split == 'test'
    assert [step.type for step in dataset.pipeline] == [
        'LoadImageFromFile', 'Resize', 'PackInputs']
    # What mmpretrain's browse_dataset.py asks for.
    assert plain.visualizer.type == 'UniversalVisualizer'


@pytest.mark.parametrize('name', ['ckplus', 'cmufaces', 'rafdb'])
def test_images_that_are_not_aligned_do_not(name):
    """mmpretrain would resize the whole photographs."""
    cfg = Config.fromfile(ROOT / f'configs/ipdfer_{name}.py')
    if name == 'rafdb':  # a part that mmpretrain's wrapper takes
        loader = cfg.test_dataloader
        loader.dataset = dict(
            type='mmpretrain.KFoldDataset', dataset=loader.dataset)
    dataset = plain_config(cfg, CLASSES).test_dataloader.dataset
    assert dataset.type == 'CustomDataset'
    assert dataset.metainfo.classes == CLASSES


def count(model, size):
    info = get_model_complexity_info(
        model.eval(), (3, size, size), show_table=False, show_arch=False)
    return info['flops'], info['params']


@pytest.mark.parametrize('name, ours, size', [
    ('rafdb', 'ipdfer_rafdb', 112),
    ('rafdb', 'idfer_rafdb', 112),
    ('rendered', 'ipdfer_rendered', 64),
])
def test_costs_what_the_baseline_costs(name, ours, size):
    init_default_scope('ipdfer_mm')
    cfg = Config.fromfile(ROOT / f'configs/{ours}.py')
    plain = plain_config(cfg, EXPRESSIONS)
    assert plain.test_dataloader.dataset.pipeline[1].scale == (size, size)
    published = MODELS.build({**plain.model, '_scope_': 'mmpretrain'})
    baseline = MODELS.build(
        Config.fromfile(ROOT / f'configs/baseline_{name}.py').model)
    assert count(published, size) == count(baseline, size)
    state = plain_state(MODELS.build(cfg.model).state_dict())
    assert state.keys() == baseline.state_dict().keys()


def test_our_backbone_and_no_neck():
    init_default_scope('ipdfer_mm')
    cfg = Config.fromfile(ROOT / 'configs/ipdfer_cmufaces.py')
    model = plain_config(cfg, CLASSES).model
    assert model.backbone.type == 'ipdfer_mm.MobileFaceNet'
    assert 'neck' not in model and 'init_cfg' not in model.backbone
    MODELS.build({**model, '_scope_': 'mmpretrain'})


def test_safetensors_and_meta(tmp_path):
    cfg, checkpoint, model = save(tmp_path)
    publish(cfg, checkpoint, tmp_path / 'plain.safetensors')
    loaded = load_weights(tmp_path / 'plain.safetensors')
    assert loaded['meta'] == dict(dataset_meta=dict(classes=CLASSES))
    encoder = model.expression_encoder.state_dict()
    assert len(loaded['state_dict']) == len(encoder) + 2
    for key, value in encoder.items():
        assert torch.equal(loaded['state_dict'][key], value), key
    assert torch.equal(loaded['state_dict']['head.fc.bias'],
                       model.expression_head.fc.bias)


def test_refuses_what_differs(tmp_path, monkeypatch):
    cfg, checkpoint, _ = save(tmp_path)

    def changed(state):
        state = plain_state(state)
        state['head.fc.bias'] = state['head.fc.bias'] + 1e-3
        return state

    monkeypatch.setattr('ipdfer_mm.deployment.publishing.plain_state', changed)
    with pytest.raises(ValueError, match='differ from the model by up to 0.0'):
        publish(cfg, checkpoint, tmp_path / 'plain.pth')
    assert not list(tmp_path.glob('plain.*'))


def test_errors(tmp_path):
    cfg, checkpoint, model = save(tmp_path)
    baseline = Config.fromfile(ROOT / 'configs/baseline_rafdb.py')
    with pytest.raises(ValueError, match='plain already'):
        plain_config(baseline, EXPRESSIONS)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    del cfg.model['classes']
    with pytest.raises(ValueError, match='model.classes'):
        publish(cfg, checkpoint, tmp_path / 'plain.pth')
    other = deepcopy(cfg)
    other.model.classes = CLASSES
    other.model.expression_encoder.backbone.base_channels = 16
    other.model.expression_encoder.backbone.stem_channels = 16
    other.model.expression_head.in_channels = 128
    with pytest.raises(ValueError, match='not a checkpoint of the model'):
        publish(other, checkpoint, tmp_path / 'plain.pth')
