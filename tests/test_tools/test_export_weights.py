import math

import mmengine
import pytest
import torch
from helpers.small_model import resnet
from helpers.tiny_run import ROOT, run_test
from helpers.tools import run_tool

from ipdfer_mm.models.encoders import load_face_weights
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils.weight_files import load_weights


def export(*args, **kwargs):
    return run_tool('model_converters/export_weights.py',
                    *args, cwd=ROOT, **kwargs)


def test_tests_like_the_checkpoint(ipdfer_run, tmp_path):
    checkpoint = ipdfer_run.work_dir / 'epoch_2.pth'
    out = tmp_path / 'model.safetensors'
    export(checkpoint, out)
    state = torch.load(checkpoint, weights_only=True)
    loaded = load_weights(out)
    assert loaded['state_dict'].keys() == state['state_dict'].keys()
    for key, value in state['state_dict'].items():
        assert torch.equal(loaded['state_dict'][key], value), key
    assert loaded['meta']['dataset_meta'] == state['meta']['dataset_meta']
    assert out.stat().st_size < checkpoint.stat().st_size / 2
    accuracies = []
    for weights in (checkpoint, out):
        text = run_test(ipdfer_run.config, weights, tmp_path / weights.stem)
        accuracies.append(text.split('accuracy/top1: ')[-1].split()[0])
    assert accuracies[0] == accuracies[1]


def test_part_in_half_precision(ipdfer_run, tmp_path):
    checkpoint = ipdfer_run.work_dir / 'epoch_2.pth'
    out = tmp_path / 'backbone.safetensors'
    export(checkpoint, out, '--part', 'pose_encoder.backbone', '--half')
    network = MODELS.build(resnet())
    load_face_weights(network, str(out))
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    for key, value in network.state_dict().items():
        expected = state[f'pose_encoder.backbone.{key}']
        torch.testing.assert_close(value, expected, rtol=1e-3, atol=1e-6)
    assert 'dataset_meta' not in load_weights(out)['meta']


def test_calibrated_scores(ipdfer_run, tmp_path):
    checkpoint = ipdfer_run.work_dir / 'epoch_2.pth'
    predictions = tmp_path / 'before.pkl'
    run_test(ipdfer_run.config, checkpoint, tmp_path / 'before', '--out',
             predictions)
    before = mmengine.load(predictions)
    # Odds of 9 against each of 6 other classes, and right three times out of
    # four: odds of 18 would be.
    certain = torch.full((7, ), 1 / 15)
    certain[0] = 9 / 15
    mmengine.dump([
        dict(img_path=f'{i}.png', gt_label=torch.tensor([i % 4 == 0]).long(),
             pred_score=certain, pose_label=torch.tensor([-100]))
        for i in range(40)
    ], predictions)
    out = tmp_path / 'calibrated.safetensors'
    text = export(checkpoint, out, '--calibrate', predictions)
    temperature = load_weights(out)['meta']['temperature']
    assert f'Temperature {temperature:.3f}' in text
    assert temperature == pytest.approx(math.log(9) / math.log(18), rel=1e-3)
    run_test(ipdfer_run.config, out, tmp_path / 'after', '--out', predictions)
    for old, new in zip(before, mmengine.load(predictions)):
        expected = (old['pred_score'].log() / temperature).softmax(0)
        torch.testing.assert_close(new['pred_score'], expected)


@pytest.mark.parametrize('args, message', [
    (['out.pth'], 'safetensors'),
    (['out.safetensors', '--part', 'neck'], 'no part "neck"'),
])
def test_errors(ipdfer_run, tmp_path, args, message):
    output = export(ipdfer_run.work_dir / 'epoch_2.pth', tmp_path / args[0],
                    *args[1:], fails=True)
    assert message in output
    assert 'Traceback' not in output
    assert not list(tmp_path.iterdir())
