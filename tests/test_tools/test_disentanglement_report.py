"""The command on rendered faces, with untrained models."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.small_model import model_cfg
from helpers.tiny_run import ROOT, baseline_cfg
from helpers.tools import run_tool
from mmengine.config import Config

from ipdfer_mm.datasets import EXPRESSIONS
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

TOOL = ROOT / 'tools/analysis_tools/disentanglement_report.py'


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('report')


def save(folder: Path, name: str, model: dict, **meta) -> tuple[Path, Path]:
    """Config and checkpoint of an untrained model."""
    register_all_modules()
    base = ROOT / 'configs/_base_/datasets/synthetic_faces.py'
    faces = dict(num_subjects=5, num_images=35, img_size=32, num_workers=0,
                 data_root=str(folder / 'faces'))
    config, checkpoint = folder / f'{name}.py', folder / f'{name}.pth'
    config.write_text(f'_base_ = {str(base)!r}\nmodel = {model!r}\n'
                      f'train_dataloader = dict(dataset={faces!r})\n'
                      f'test_dataloader = dict(dataset={faces!r})\n')
    state = MODELS.build(Config.fromfile(config).model).state_dict()
    torch.save(dict(state_dict=state, meta=meta), checkpoint)
    return config, checkpoint


def test_ipdfer(folder):
    config, checkpoint = save(
        folder, 'ipdfer', model_cfg(classes=EXPRESSIONS))
    classifier = save(folder, 'classifier', baseline_cfg())
    output = run_tool(
        TOOL, config, checkpoint, '--classifier', *classifier, '--out',
        folder / 'out/report.json', '--grid', folder / 'grid.png', '--splits',
        '2', '--permutations', '3', '--swaps', '9', cwd=folder)
    report = json.loads((folder / 'out/report.json').read_text())
    assert report['left_out'] == {}
    for matrix in report['probes'].values():
        assert list(matrix['cells']) == ['f_id', 'f_pose', 'f_exp']
        for cells in matrix['cells'].values():
            assert list(cells) == ['identity', 'yaw', 'expression']
    margins = report['probes']['linear']['margin']
    assert report['probes']['linear']['mean_margin'] == pytest.approx(
        np.mean(list(margins.values())))
    assert list(report['swap']) == ['pose', 'expression',
                                    'pose_and_expression']
    for swap in report['swap'].values():
        assert swap['num_swaps'] == 9
        assert list(swap['attributes']['truth']) == ['identity', 'pose',
                                                     'expression']
    # An untrained classifier of poses is undecided.
    assert report['pose_entropy']['f_exp'] > 0.9
    assert set(report['synthesis']['classifier']) == {
        'input', 'reconstruction', 'neutral', 'paired_neutral'}
    table = (folder / 'out/report.md').read_text()
    assert table in output
    assert '| f_pose |' in table
    assert '| pose_and_expression | identity |' in table
    assert cv2.imread(str(folder / 'out/report.png')) is not None
    # Six columns of 32 pixels, eight rows.
    grid = cv2.imread(str(folder / 'grid.png'))
    assert grid.shape[1] == 6 * 32 + 5 * 2
    assert grid.shape[0] > 8 * 32


def test_smoke_is_stamped(folder):
    smoke = folder / 'smoke'
    smoke.mkdir()
    config, checkpoint = save(smoke, 'baseline', baseline_cfg())
    (smoke / 'run.json').write_text('{"smoke": true, "status": "finished"}')
    run_tool(
        TOOL, config, checkpoint, '--out', smoke / 'report.json', '--splits',
        '2', '--permutations', '1', '--swaps', '1', cwd=folder)
    report = json.loads((smoke / 'report.json').read_text())
    assert report['note'] == 'SMOKE, no result'
    table = (smoke / 'report.md').read_text()
    assert table.startswith('SMOKE, no result\n')


def test_errors_name_what_is_wrong(folder):
    model = baseline_cfg()
    config, checkpoint = save(
        folder, 'other', model,
        dataset_meta=dict(classes=EXPRESSIONS[::-1]))
    output = run_tool(TOOL, config, checkpoint, cwd=folder, fails=True)
    assert 'other.pth was trained on the classes' in output
    assert 'Traceback' not in output
    output = run_tool(TOOL, config, checkpoint, '--out', 'report.txt',
                      cwd=folder, fails=True)
    assert 'must end in .json' in output
