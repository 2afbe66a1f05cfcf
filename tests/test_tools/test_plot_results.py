"""Figures of made-up runs."""

import cv2
import numpy as np
import pytest
from helpers.fake_runs import CLASSES, make_run
from helpers.tools import call_tool

from ipdfer_mm.analysis.predictions import load_predictions
from ipdfer_mm.experiments.figures import (
    confusion_figure,
    embedding_figure,
    samples_figure,
    sensitivity_figure,
    won_images,
)

N = 12
KEY = 'model.loss_cos.loss_weight'


def right(*wrong):
    return [i not in wrong for i in range(N)]


@pytest.fixture
def runs(tmp_path):
    out = tmp_path / 'out'
    poses = dict(poses=[i % 5 for i in range(N)])
    make_run(out, 'idfer_rafdb', 0, right(0, 3, 4, 9), **poses)
    make_run(out, 'ipdfer_rafdb', 0, right(0, 1, 8), **poses)
    for weight in ('0.1', '2'):
        make_run(out, f'ipdfer_rafdb+loss_cos.loss_weight={weight}', 0,
                 right(5), sweep={KEY: weight}, **poses)
    return out


def read(run):
    return load_predictions(run / 'last.pkl', CLASSES)


def tool(*args):
    return call_tool('analysis_tools/plot_results.py', *args)


def test_confusion(runs):
    figure = confusion_figure([read(runs / 'idfer_rafdb/seed0')] * 2, 'title')
    axes, = figure.axes
    # Of each class four; wrong (the next class): 0, 3 and 9 of class 0, 4 of
    # class 1.
    shares = axes.images[0].get_array().reshape(3, 3)
    assert shares.tolist() == [[25, 75, 0], [0, 75, 25], [0, 0, 100]]
    assert [t.get_text() for t in axes.get_yticklabels()] == list(CLASSES)
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        'predicted, % of the true class', 'true')


def test_confusion_of_a_class_without_images(runs):
    first = read(runs / 'idfer_rafdb/seed0')
    keep = first.labels != 1  # but 0, 3 and 9 are taken for it
    for name in ('scores', 'labels'):
        setattr(first, name, getattr(first, name)[keep])
    axes, = confusion_figure([first], 'title').axes
    texts = [text.get_text() for text in axes.texts]
    assert texts == ['25.0', '75.0', '0.0', '-', '-', '-',
                     '0.0', '0.0', '100.0']


def test_won_images(runs):
    first, second = (read(runs / f'{name}_rafdb/seed0')
                     for name in ('idfer', 'ipdfer'))
    # Right by the second only: 3, 4, 9, whose poses are 3, 4, 4.
    assert won_images(first, second, 0).tolist() == [3, 4, 9]
    assert won_images(first, second, 4).tolist() == [4, 9]
    assert won_images(second, first, 3).tolist() == [8]


def test_samples(runs, tmp_path):
    first = read(runs / 'idfer_rafdb/seed0')
    first.paths = [str(tmp_path / f'{i}.png') for i in range(N)]
    for i, path in enumerate(first.paths):
        cv2.imwrite(path, np.full((8, 8, 3), i, np.uint8))
    figure = samples_figure(first, [3, 4, 9], 'title')
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.images[0].get_array()[0, 0, 0] for axes in shown] == [3, 4, 9]
    assert shown[1].get_title() == 'neutral\nnot surprise'


def test_embedding():
    points = np.arange(8.).reshape(4, 2)
    figure = embedding_figure(dict(a=points, b=points), np.array([0, 2, 2, 0]),
                              CLASSES, ['q', 'p', 'q', ''], 'title')
    marks = [text.get_text() for text in figure.axes[0].texts]
    assert marks == ['2', '1', '2', '']
    first, second = figure.axes[1].collections
    assert first.get_offsets().tolist() == points[[0, 3]].tolist()
    assert second.get_label() == 'surprise'


def test_sensitivity():
    """Three settings in a row."""
    curves = {'x': {1: [80, 84], 0.1: [70, 70]},
              **{f'setting {i}': {1: [80], 2: [70 + i]} for i in range(3)}}
    axes = [axes for axes in sensitivity_figure(curves, 'title').axes
            if axes.lines]
    assert axes[0].lines[0].get_ydata().tolist() == [70, 82]
    assert [t.get_text() for t in axes[0].get_xticklabels()] == ['0.1', '1']
    assert [panel.get_xlabel() for panel in axes] == list(curves)
    assert [panel.get_ylabel() for panel in axes] == [
        'accuracy, %', '', '', 'accuracy, %']


def test_tool_draws_what_there_is(runs, tmp_path):
    assert tool(runs, '--out', tmp_path / 'figures').code == 0
    names = {path.name for path in (tmp_path / 'figures').iterdir()}
    swept = 'confusion_ipdfer_rafdb+loss_cos.loss_weight='
    assert names == {
        f'{stem}.{suffix}' for suffix in ('png', 'pdf') for stem in (
            'confusion_idfer_rafdb', 'confusion_ipdfer_rafdb', f'{swept}0.1',
            f'{swept}2', 'sensitivity_ipdfer_rafdb')}


@pytest.mark.parametrize('args, messages', [
    (('--compare', 'idfer_rafdb', 'ipdfer_rafdb', '--min-yaw', 30),
     ['ipdfer_rafdb alone gets 3 right, idfer_rafdb alone 1',
      '/data/images/3.png']),
    (('--tsne', 'idfer_rafdb'), ['idfer_rafdb/seed0 has no last checkpoint']),
    (('--tsne', 'baseline_rafdb'), ['no finished experiment baseline_rafdb']),
])
def test_tool_names_what_is_gone(runs, tmp_path, args, messages):
    said = tool(runs, '--out', tmp_path / 'figures', *args)
    assert said.code == 2
    for message in messages:
        assert message in said.printed


def test_tool_needs_runs(tmp_path):
    said = tool(tmp_path)
    assert said.code == 2 and 'holds no runs' in said.err
