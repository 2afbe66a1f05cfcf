"""The script of what is measured on a GPU: commands that the tools know."""

import os
import shlex

from helpers.tiny_run import ROOT, run

from benchmarks import training


def test_commands_are_known_and_failures_named(tmp_path):
    """Those of benchmarks for batches of 128 fail."""
    python = tmp_path / 'python'
    python.write_text('#!/bin/bash\n'
                      f'echo "${{@@Q}}" >> {tmp_path}/calls\n'
                      '[[ "$*" != *"--batch-size 128"* ]]\n')
    python.chmod(0o755)
    output = run('bash', ROOT / 'benchmarks/gpu.sh', tmp_path / 'out',
                 cwd='/', fails=True,
                 PATH=f'{tmp_path}:{os.environ["PATH"]}')
    assert output.strip().endswith(f'see {tmp_path}/out: batches_of_128')
    calls = [shlex.split(line)
             for line in (tmp_path / 'calls').read_text().splitlines()]
    sizes = [training.parse_args(call[2:]).batch_size for call in calls
             if call[:2] == ['-m', 'benchmarks.training']]
    assert sizes == [32, 128, 512]
    others = [call for call in calls if call[1] != 'benchmarks.training']
    assert others[0][:2] == ['-m', 'pytest']
    assert all((ROOT / name).is_file() for name in others[0][5:])
    assert others[1][0] == 'tools/train.py'
    assert (ROOT / others[1][1]).is_file()
