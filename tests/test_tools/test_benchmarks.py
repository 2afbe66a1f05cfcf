"""The two tools that compare parts of the preparation with others."""

import re
from pathlib import Path

import pytest
from helpers.tiny_run import run

TOOLS = Path(__file__).resolve().parents[2] / 'tools/analysis_tools'


def test_head_pose(tmp_path):
    output = run('python', TOOLS / 'benchmark_head_pose.py', '--num-faces',
                 '35', cwd=tmp_path)
    rows = {row[1].strip(): row[2:-1] for row in (
        line.split('|') for line in output.splitlines()
        if line.startswith('|'))}
    assert len(rows['estimator']) == 7  # found, all, five classes of yaw
    found, everywhere, *_ = rows['pnp5']
    error, right = re.findall(r'[\d.]+', everywhere)
    assert float(found.strip(' %')) > 90
    # 4.4 degrees and 73 % on a thousand faces.
    assert float(error) < 8
    assert float(right) > 50
    # The paper's formula reads too much out of large poses.
    assert float(rows['facepose_linear'][-1].split('/')[0]) > 2 * float(
        rows['pnp5'][-1].split('/')[0])


def test_preparation(shared, tmp_path):
    output = run('python', TOOLS / 'benchmark_preparation.py', 'cmufaces',
                 shared / 'data/cmu_faces', '--num-pictures', '6',
                 '--workers', '1', cwd=tmp_path)
    rates = re.search(r'plain loop ([\d.]+) pictures/s, .* 1 processes '
                      r'([\d.]+) pictures/s', output)
    assert min(map(float, rates.groups())) > 0
    count, pixels = re.search(r'(\d+) faces in both; .* most ([\d.]+) pixels',
                              output).groups()
    assert int(count) >= 2
    # The same network on the same pixels.
    assert float(pixels) == pytest.approx(0, abs=0.1)
