"""The command on real faces, with an untrained model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from small_model import model_cfg
from tiny_run import baseline_cfg

from ipdfer_mm.datasets import EXPRESSIONS
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

ROOT = Path(__file__).resolve().parents[2]


def test_on_cmu_faces(shared, tmp_path):
    base = ROOT / 'configs/_base_/datasets/cmu_faces.py'
    config = tmp_path / 'config.py'
    pipeline = [
        dict(type='LoadFaceImage'),
        dict(type='AlignFace', size=32),
        dict(type='PackFaceInputs'),
    ]
    config.write_text(
        f'_base_ = {str(base)!r}\nmodel = {model_cfg()!r}\n'
        f'test_dataloader = dict(dataset=dict(pipeline={pipeline!r}))\n')
    register_all_modules()
    model = MODELS.build(Config.fromfile(config).model)
    checkpoint = tmp_path / 'model.pth'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    result = subprocess.run([
        sys.executable, ROOT / 'tools/analysis_tools/evaluate_synthesis.py',
        config, checkpoint, '--out', tmp_path / 'out.json', '--grid',
        tmp_path / 'grid.png', '--max-yaw', '20', '--identity-network',
        ROOT / 'configs/ipdfer_cmufaces.py',
        shared / 'weights/mobilefacenet/mobilefacenet_ms1m.safetensors'
    ],
                            env=dict(
                                os.environ,
                                OMP_NUM_THREADS='1',
                                CMU_FACES_ROOT=str(shared / 'data/cmu_faces')),
                            cwd=tmp_path,
                            capture_output=True,
                            text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    report = json.loads((tmp_path / 'out.json').read_text())
    # Five test people, 2 of 4 poses without yaw, 8 pictures each.
    assert 60 < report['num_pictures'] <= 80
    # The ratio is that of the numbers it is made of; real faces have signal.
    assert report['l1_ratio'] == pytest.approx(
        report['reconstruction_l1'] / report['mean_picture_l1'])
    assert report['fisherface_accuracy/input'] > 0.6
    # MobileFaceNet knows these people a little, on pictures of this size.
    assert report['identity_cosine/input']['auc'] > 0.6
    # An untrained model rebuilds nothing.
    assert report['l1_ratio'] > 0.8
    assert cv2.imread(str(tmp_path / 'grid.png')).shape[0] > 12 * 32


def test_true_neutrals_and_judge(tmp_path):
    """Rendered faces, an untrained model, and a judge that says one class."""
    base = ROOT / 'configs/_base_/datasets/synthetic_faces.py'
    faces = dict(num_people=5, num_pictures=35, img_size=32, num_workers=0,
                 data_root=str(tmp_path / 'faces'))
    classes = EXPRESSIONS
    config = tmp_path / 'config.py'
    config.write_text(
        f'_base_ = {str(base)!r}\n'
        f'model = {model_cfg(classes=classes)!r}\n'
        f'train_dataloader = dict(dataset={faces!r})\n'
        f'test_dataloader = dict(dataset={faces!r})\n')
    judge_config = tmp_path / 'judge.py'
    judge_config.write_text(f'model = {baseline_cfg()!r}\n')
    register_all_modules()
    model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    judge = MODELS.build(Config.fromfile(judge_config).model)
    torch.nn.init.zeros_(judge.head.fc.weight)
    with torch.no_grad():
        judge.head.fc.bias[classes.index('fear')] = 1
    torch.save(dict(state_dict=judge.state_dict()), tmp_path / 'judge.pth')

    def run():
        return subprocess.run([
            sys.executable,
            ROOT / 'tools/analysis_tools/evaluate_synthesis.py', config,
            tmp_path / 'model.pth', '--judge', judge_config,
            tmp_path / 'judge.pth', '--out', tmp_path / 'out.json', '--grid',
            tmp_path / 'grid.png'
        ],
                              env=dict(os.environ, OMP_NUM_THREADS='1'),
                              capture_output=True,
                              text=True)

    result = run()
    assert result.returncode == 0, result.stderr[-2000:]
    report = json.loads((tmp_path / 'out.json').read_text())
    # Five of the 35 pictures show each class.
    assert report['judge']['input'] == report['judge']['true_neutral'] == dict(
        neutral=0, as_labelled=pytest.approx(1 / 7))
    assert report['neutral_gain']['num_pictures'] == 30
    true_neutral = report['true_neutral/input']
    assert true_neutral['ssim'] > 0.8  # twins differ in the expression only
    assert true_neutral['l1'] < report['true_neutral/neutral']['l1']
    # Five columns of 32 pixels, four gaps of 2.
    assert cv2.imread(str(tmp_path / 'grid.png')).shape[1] == 5 * 32 + 4 * 2
    torch.save(
        dict(
            state_dict=judge.state_dict(),
            meta=dict(dataset_meta=dict(classes=classes[::-1]))),
        tmp_path / 'judge.pth')
    result = run()
    assert result.returncode != 0
    assert 'judge.pth was trained on the classes' in result.stderr
