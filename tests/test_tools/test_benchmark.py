"""The command: everything in one run, as table and JSON."""

import json
import runpy
import sys

import pytest
import torch
from helpers.tiny_run import ROOT

from ipdfer_mm.benchmarking import make_step

TOOL = str(ROOT / 'tools/analysis_tools/benchmark.py')


def run(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', [TOOL, *map(str, args)])
    runpy.run_path(TOOL, run_name='__main__')


def test_command(tmp_path, monkeypatch, capsys):
    threads = torch.get_num_threads()
    asked = []

    def build_step(kind, options, work):
        asked.append((kind, options))
        return make_step(kind, options, work), 2**20

    # A process of its own, tested with the steps.
    monkeypatch.setattr('ipdfer_mm.benchmarking.build_step', build_step)
    run(monkeypatch, '--width', 4, '--size', 32, '--batch-size', 4, '--rounds',
        2, '--threads', 1, '--workers', 0, '--out', tmp_path / 'out',
        '--options', 'default', 'channels_last+lazy2')
    torch.set_num_threads(threads)
    table = (tmp_path / 'out/benchmark.md').read_text()
    assert table in capsys.readouterr().out
    report = json.loads((tmp_path / 'out/benchmark.json').read_text())
    names = [(row['kind'], row['options']) for row in report['steps']]
    assert names == [('plain', 'default'), ('literal', 'default'),
                     ('ours', 'default'), ('plain', 'channels_last'),
                     ('ours', 'channels_last+lazy2')]
    assert asked == names
    for kind, options in names:
        assert f'| {kind} | {options} |' in table
    rows = {(row['kind'], row['options']): row for row in report['steps']}
    full, lazy = rows['ours', 'default'], rows[names[-1]]
    assert lazy['gflops'] < full['gflops'] < rows[names[1]]['gflops']
    assert rows[names[0]]['cost'] == 1
    assert rows[names[1]]['times_literal'] == 1
    assert set(report['phases']) == {'default'}
    assert report['machine']['torch'] == torch.__version__
    assert min(report['loading_pictures_per_second']) > 0
    assert min(report['inference_pictures_per_second']) > 0


@pytest.mark.parametrize('args, message', [
    (('--options', 'turbo'), 'turbo'),
    (('--rounds', 0), '1 or more'),
    pytest.param(
        ('--device', 'cuda'), 'no GPU',
        marks=pytest.mark.skipif(torch.cuda.is_available(), reason='a GPU')),
])
def test_bad_arguments(args, message, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, *args)
    assert message in capsys.readouterr().err + str(stop.value)
