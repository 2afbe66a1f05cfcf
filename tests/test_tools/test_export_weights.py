import math
from functools import partial

import mmengine
import pytest
import torch
from helpers.small_model import resnet
from helpers.tiny_run import ROOT, assert_equal, load, run_test
from helpers.tools import run_tool

from ipdfer_mm.models.encoders import load_face_weights
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils.weight_files import load_weights

export = partial(run_tool, 'model_converters/export_weights.py', cwd=ROOT)


@pytest.fixture
def checkpoint(ipdfer_run):
    return ipdfer_run.work_dir / 'epoch_2.pth'


@pytest.fixture
def predict(ipdfer_run, tmp_path):
    """Predictions of tools/test.py."""

    def call(weights):
        out = tmp_path / 'predictions.pkl'
        run_test(ipdfer_run.config, weights, tmp_path / 'work', '--out', out)
        return mmengine.load(out)

    return call


def test_tests_like_the_checkpoint(checkpoint, predict, tmp_path):
    out = tmp_path / 'model.safetensors'
    export(checkpoint, out)
    state, loaded = load(checkpoint), load_weights(out)
    assert_equal(loaded['state_dict'], dict(state['state_dict']))
    assert loaded['meta']['dataset_meta'] == state['meta']['dataset_meta']
    assert out.stat().st_size < checkpoint.stat().st_size / 2
    assert_equal(predict(out), predict(checkpoint))


def test_part_in_half_precision(checkpoint, tmp_path):
    out = tmp_path / 'backbone.safetensors'
    export(checkpoint, out, '--part', 'pose_encoder.backbone', '--half')
    network = MODELS.build(resnet())
    load_face_weights(network, str(out))
    state = load(checkpoint)['state_dict']
    for key, value in network.state_dict().items():
        expected = state[f'pose_encoder.backbone.{key}']
        torch.testing.assert_close(value, expected, rtol=1e-3, atol=1e-6)
    assert 'dataset_meta' not in load_weights(out)['meta']


def test_calibrated_scores(checkpoint, predict, tmp_path):
    # Odds of 9 against each of 6 other classes, and right three times out of
    # four: odds of 18 would be.
    certain = torch.full((7, ), 1 / 15)
    certain[0] = 9 / 15
    mmengine.dump(
        [dict(img_path=f'{i}.png', gt_label=torch.tensor([i % 4 == 0]).long(),
              pred_score=certain, pose_label=torch.tensor([-100]))
         for i in range(40)], tmp_path / 'made_up.pkl')
    out = tmp_path / 'calibrated.safetensors'
    text = export(checkpoint, out, '--calibrate', tmp_path / 'made_up.pkl')
    temperature = load_weights(out)['meta']['temperature']
    assert f'Temperature {temperature:.3f}' in text
    assert temperature == pytest.approx(math.log(9) / math.log(18), rel=1e-3)
    for old, new in zip(predict(checkpoint), predict(out)):
        expected = (old['pred_score'].log() / temperature).softmax(0)
        torch.testing.assert_close(new['pred_score'], expected)


def test_balanced_scores(checkpoint, predict, tmp_path):
    old = predict(checkpoint)
    labels = torch.tensor([0] * 36 + [1, 2, 3, 4, 5, 6])
    mmengine.dump(
        [dict(img_path=f'{i}.png', gt_label=label[None],
              pred_score=torch.full((7, ), 0.01).index_fill(
                  0, label[None] if i % 3 else torch.tensor([0]), 0.94),
              pose_label=torch.tensor([-100]))
         for i, label in enumerate(labels)], tmp_path / 'made_up.pkl')
    out = tmp_path / 'balanced.safetensors'
    text = export(checkpoint, out, '--calibrate', tmp_path / 'made_up.pkl',
                  '--balance', '0.5')
    meta = load_weights(out)['meta']
    assert meta['balance'] == 0.5
    assert '% before' in text
    # The first class is 36 times as frequent as each other: 6 to one.
    shift = torch.tensor([1 / 6, 1, 1, 1, 1, 1, 1]).log()
    for before, after in zip(old, predict(out)):
        expected = ((before['pred_score'].log() + shift)
                    / meta['temperature']).softmax(0)
        torch.testing.assert_close(after['pred_score'], expected)


@pytest.mark.parametrize('args, message', [
    (['out.pth'], 'safetensors'),
    (['out.safetensors', '--balance', '1'], 'needs the predictions'),
    (['out.safetensors', '--part', 'neck'], 'no part "neck"'),
])
def test_errors(checkpoint, tmp_path, args, message):
    output = export(checkpoint, tmp_path / args[0], *args[1:], fails=True)
    assert message in output and 'Traceback' not in output
    assert not list(tmp_path.iterdir())


def test_calibration_needs_the_classes(checkpoint, tmp_path):
    bare = tmp_path / 'bare.pth'
    torch.save(dict(state_dict=load(checkpoint)['state_dict']), bare)
    output = export(bare, tmp_path / 'out.safetensors', '--calibrate', bare,
                    fails=True)
    assert '--calibrate needs the names of the classes' in output
    assert list(tmp_path.iterdir()) == [bare]


def test_no_state_dict(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    torch.save(dict(state_dict=dict(a=1)), tmp_path / 'number.pth')
    for name in ('list.pth', 'number.pth'):
        output = export(tmp_path / name, tmp_path / 'out.safetensors',
                        fails=True)
        assert f'{name} holds no state dict' in output
        assert 'Traceback' not in output


def test_the_checkpoint_is_not_replaced(checkpoint, tmp_path):
    export(checkpoint, tmp_path / 'a.safetensors')
    content = (tmp_path / 'a.safetensors').read_bytes()
    output = export(tmp_path / 'a.safetensors', tmp_path / 'a.safetensors',
                    fails=True)
    assert 'a.safetensors is what is read' in output
    assert (tmp_path / 'a.safetensors').read_bytes() == content
