"""The command on real faces, with an untrained model."""

import json
import re
import sys

import cv2
import pytest
import torch
from helpers.face_images import PIPELINE, fear_classifier, save_model
from helpers.metric_weights import save_alexnet, save_inception
from helpers.small_model import model_cfg
from helpers.tiny_run import baseline_cfg
from helpers.tools import ROOT, run_tool
from mmengine.config import Config

from ipdfer_mm.datasets import EXPRESSIONS
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules
from ipdfer_mm.visualization.image_grids import HEADING_HEIGHT

TOOL = ROOT / 'tools/analysis_tools/evaluate_synthesis.py'


def test_on_cmu_faces(shared, tmp_path):
    base = ROOT / 'configs/_base_/datasets/cmu_faces.py'
    config = tmp_path / 'config.py'
    pipeline = [PIPELINE[0], dict(type='AlignFace', size=32), PIPELINE[1]]
    config.write_text(
        f'_base_ = {str(base)!r}\nmodel = {model_cfg()!r}\n'
        f'test_dataloader = dict(dataset=dict(pipeline={pipeline!r}))\n')
    register_all_modules()
    model = MODELS.build(Config.fromfile(config).model)
    checkpoint = tmp_path / 'model.pth'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    run_tool(TOOL, config, checkpoint, '--out', tmp_path / 'out.json',
             '--grid', tmp_path / 'grid.png', '--max-yaw', '20',
             '--identity-network', ROOT / 'configs/ipdfer_cmufaces.py',
             shared / 'weights/mobilefacenet/mobilefacenet_ms1m.safetensors',
             cwd=tmp_path, CMU_FACES_ROOT=shared / 'data/cmu_faces')
    report = json.loads((tmp_path / 'out.json').read_text())
    # Five test subjects, 2 of 4 poses without yaw, 8 images each.
    assert 60 < report['num_images'] <= 80
    # The ratio is that of the numbers it is made of; real faces have signal.
    assert report['l1_ratio'] == pytest.approx(
        report['reconstruction_l1'] / report['mean_image_l1'])
    assert report['fisherface_accuracy/input'] > 0.6
    # MobileFaceNet knows these subjects a little, on images of this size.
    assert report['identity_cosine/input']['auc'] > 0.6
    # An untrained model rebuilds nothing.
    assert report['l1_ratio'] > 0.8
    assert cv2.imread(str(tmp_path / 'grid.png')).shape[0] > 12 * 32


def test_paired_neutrals_and_classifier(tmp_path):
    """Rendered faces, an untrained model, and a classifier of one class."""
    model = save_model(tmp_path, 'model', model_cfg(classes=EXPRESSIONS),
                       num_subjects=5, num_images=35)
    config, checkpoint = tmp_path / 'fear.py', tmp_path / 'fear.pth'
    config.write_text(f'model = {baseline_cfg()!r}\n')
    state = fear_classifier().state_dict()
    torch.save(dict(state_dict=state), checkpoint)

    def evaluate(**kwargs):
        return run_tool(TOOL, *model, '--classifier', config, checkpoint,
                        '--out', tmp_path / 'out.json', '--grid',
                        tmp_path / 'grid.png', cwd=tmp_path, **kwargs)

    evaluate()
    report = json.loads((tmp_path / 'out.json').read_text())
    # Five of the 35 images show each class.
    for name in ('input', 'paired_neutral'):
        assert report['classifier'][name] == dict(
            neutral=0, as_labeled=pytest.approx(1 / 7))
    assert report['neutral_gain']['num_images'] == 30
    assert not {'lpips', 'fid'} & set(report)  # not asked for
    paired_neutral = report['paired_neutral/input']
    assert paired_neutral['ssim'] > 0.8  # they differ in the expression only
    assert paired_neutral['l1'] < report['paired_neutral/neutral']['l1']
    assert 'note' not in report
    # Five columns of 32 pixels, four gaps of 2.
    height, width, _ = cv2.imread(str(tmp_path / 'grid.png')).shape
    assert width == 5 * 32 + 4 * 2
    # That of a smoke run has a line more.
    (tmp_path / 'run.json').write_text('{"smoke": true, "status": "finished"}')
    evaluate()
    report = json.loads((tmp_path / 'out.json').read_text())
    assert report['note'] == 'SMOKE, no result'
    assert cv2.imread(str(tmp_path / 'grid.png')).shape == (
        height + HEADING_HEIGHT, width, 3)
    meta = dict(dataset_meta=dict(classes=EXPRESSIONS[::-1]))
    torch.save(dict(state_dict=state, meta=meta), checkpoint)
    assert 'fear.pth was trained on the classes' in evaluate(fails=True)


def test_lpips_and_fid(tmp_path):
    """Of four faces, with random weights."""
    model = save_model(tmp_path, 'model', model_cfg(classes=EXPRESSIONS),
                       num_subjects=1, num_images=4)
    inception = save_inception(tmp_path / 'inception.pth')
    save_alexnet(tmp_path / 'alexnet.pth')
    run_tool(TOOL, *model, '--out', tmp_path / 'out.json', '--lpips',
             tmp_path / 'alexnet.pth', '--fid', inception, cwd=tmp_path)
    inception.unlink()  # 100 MB
    report = json.loads((tmp_path / 'out.json').read_text())
    lpips, fid = report['lpips'], report['fid']
    assert not lpips['original_weights']
    assert not fid['original_weights']
    # An image is nearer to its paired_neutral than to an untrained model's
    # faces.
    assert 0 < lpips['paired_neutral/input'] < lpips['paired_neutral/neutral']
    assert lpips['reconstruction'] > 0
    assert fid['num_images'] == 4
    assert min(fid[name]['fid'] for name in (
        'reconstruction', 'neutral', 'paired_neutral/neutral')) > 0


def test_a_baseline_synthesizes_nothing(tmp_path):
    model = save_model(tmp_path, 'plain', baseline_cfg(), num_subjects=2,
                       num_images=2)
    output = run_tool(TOOL, *model, cwd=tmp_path, fails=True)
    assert 'has a ImageClassifier, which' in output


def test_wrong_weights_end_the_command_first(tmp_path, monkeypatch):
    """Before it looks for config and checkpoint."""
    wrong = tmp_path / 'wrong.pth'
    wrong.write_text('<html>')
    for flag in ('--lpips', '--fid'):
        output = run_tool(TOOL, 'no.py', 'no.pth', flag, wrong, cwd=tmp_path,
                          fails=True)
        assert re.match('ValueError: .*wrong.pth is damaged, or holds '
                        'something else', output.splitlines()[-1])
    monkeypatch.setitem(sys.modules, 'torch_fidelity', None)
    assert 'pip install torch-fidelity' in run_tool(
        TOOL, 'no.py', 'no.pth', '--fid', wrong, cwd=tmp_path, fails=True)
