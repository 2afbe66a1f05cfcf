"""The command on rendered faces, with untrained models."""

import json
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from helpers.face_images import save_model
from helpers.small_model import model_cfg
from helpers.tiny_run import ROOT, baseline_cfg
from helpers.tools import run_tool

from ipdfer_mm.datasets import EXPRESSIONS

TOOL = ROOT / 'tools/analysis_tools/disentanglement_report.py'
save = partial(save_model, num_subjects=5, num_images=35)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('report')


def test_ipdfer(folder):
    model = save(folder, 'ipdfer', model_cfg(classes=EXPRESSIONS))
    classifier = save(folder, 'classifier', baseline_cfg())
    output = run_tool(
        TOOL, *model, '--classifier', *classifier, '--out',
        folder / 'out/report.json', '--grid', folder / 'grid.png', '--splits',
        '2', '--permutations', '3', '--swaps', '9', cwd=folder)
    report = json.loads((folder / 'out/report.json').read_text())
    assert report['left_out'] == {}
    for matrix in report['probes'].values():
        assert list(matrix['cells']) == ['f_id', 'f_pose', 'f_exp']
        for cells in matrix['cells'].values():
            assert list(cells) == ['identity', 'yaw', 'expression']
    linear = report['probes']['linear']
    assert linear['mean_margin'] == pytest.approx(
        np.mean(list(linear['margin'].values())))
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
    assert table in output and '| f_pose |' in table
    assert '| pose_and_expression | identity |' in table
    assert cv2.imread(str(folder / 'out/report.png')) is not None
    # Six columns of 32 pixels, eight rows.
    grid = cv2.imread(str(folder / 'grid.png'))
    assert grid.shape[1] == 6 * 32 + 5 * 2 and grid.shape[0] > 8 * 32


def test_smoke_is_stamped(tmp_path):
    model = save(tmp_path, 'baseline', baseline_cfg())
    (tmp_path / 'run.json').write_text('{"smoke": true, "status": "finished"}')
    run_tool(TOOL, *model, '--out', tmp_path / 'report.json', '--splits', '2',
             '--permutations', '1', '--swaps', '1', cwd=tmp_path)
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['note'] == 'SMOKE, no result'
    table = (tmp_path / 'report.md').read_text()
    assert table.startswith('SMOKE, no result\n')


@pytest.mark.parametrize('out, message', [
    ('report.json', 'other.pth was trained on the classes'),
    ('report.txt', 'must end in .json'),
    ('grid.json', 'give the grid another name'),
    ('none.json', '--splits must be 2 or more')])
def test_errors_name_what_is_wrong(folder, out, message):
    model = save(folder, 'other', baseline_cfg(),
                 dict(dataset_meta=dict(classes=EXPRESSIONS[::-1])))
    few = ['--splits', '1'] * (out == 'none.json')
    output = run_tool(TOOL, *model, '--out', out, '--grid', 'grid.png', *few,
                      cwd=folder, fails=True)
    assert message in output and 'Traceback' not in output


@pytest.mark.parametrize('tool', ['disentanglement_report',
                                  'evaluate_synthesis'])
def test_a_checkpoint_that_may_run_code(tmp_path, tool):
    config, checkpoint = save(tmp_path, 'model', model_cfg(
        classes=EXPRESSIONS))
    torch.save(dict(state_dict={}, path=tmp_path), checkpoint)
    output = run_tool(TOOL.with_stem(tool), config, checkpoint, cwd=tmp_path,
                      fails=True)
    assert 'add the flag --trust-checkpoint' in output
    assert 'Traceback' not in output


def test_another_dataset(tmp_path):
    """Its images and subjects, through the model's pipeline."""
    model = save(tmp_path, 'baseline', baseline_cfg())
    other, _ = save_model(tmp_path, 'other', baseline_cfg(), num_subjects=7,
                          num_images=70)
    run_tool(TOOL, *model, '--dataset', other, '--out',
             tmp_path / 'report.json', '--splits', '2', '--permutations', '1',
             cwd=tmp_path)
    report = json.loads((tmp_path / 'report.json').read_text())
    assert (report['images'], report['subjects']) == (70, 7)
