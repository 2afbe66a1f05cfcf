"""The Slurm scripts with stand-ins for a cluster's programs."""

import pytest
from helpers.tiny_run import (
    BATCH_SIZE,
    ROOT,
    baseline_cfg,
    free_port,
    load,
    run,
)

from ipdfer_mm.registry import MODELS

# Starts the tasks on this machine, as Slurm does on its nodes.
SRUN = '''#!/usr/bin/env bash
while [[ "$1" == --* ]]; do
    case "$1" in
    --ntasks=*) n="${1#*=}" ;;
    --ntasks-per-node=*) per_node="${1#*=}" ;;
    esac
    shift
done
export SLURM_NTASKS=$n SLURM_NODELIST='node[1-9]'
for ((i = 0; i < n; i++)); do
    SLURM_PROCID=$i SLURM_LOCALID=$((i % per_node)) "$@" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || exit 1; done
'''
SCONTROL = '''#!/bin/sh
[ "$*" = "show hostnames node[1-9]" ] && echo 127.0.0.1 && echo node2
'''


@pytest.mark.parametrize('script, arguments, env, expected', [
    ('slurm_train.sh',
     ['gpu', 'my job', 'a config.py', 'work dir', '--resume'],
     dict(GPUS=16, CPUS_PER_TASK=3, SRUN_ARGS='--exclude=n1 --mem=9G'),
     ['--partition=gpu', '--job-name=my job', '--gres=gpu:8', '--ntasks=16',
      '--ntasks-per-node=8', '--cpus-per-task=3', '--kill-on-bad-exit=1',
      '--exclude=n1', '--mem=9G', 'python', '-u', f'{ROOT}/tools/train.py',
      'a config.py', '--work-dir', 'work dir', '--launcher', 'slurm',
      '--resume']),
    ('slurm_test.sh', ['gpu', 'job', 'config.py', 'best.pth', '--tta'],
     dict(GPUS=2),
     ['--partition=gpu', '--job-name=job', '--gres=gpu:2', '--ntasks=2',
      '--ntasks-per-node=2', '--cpus-per-task=5', '--kill-on-bad-exit=1',
      'python', '-u', f'{ROOT}/tools/test.py', 'config.py', 'best.pth',
      '--launcher', 'slurm', '--tta']),
])
def test_what_srun_is_told(tmp_path, script, arguments, env, expected):
    """By one that prints its arguments, one a line, and PYTHONPATH."""
    srun = tmp_path / 'srun'
    srun.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "$PYTHONPATH"\n')
    srun.chmod(0o755)
    output = run('bash', ROOT / 'tools' / script, *arguments, cwd='/',
                 PATH=f'{tmp_path}:/usr/bin:/bin', PYTHONPATH='', **env)
    assert output.splitlines() == [*expected, f'{ROOT}/tools/..:']


def test_two_nodes(tmp_path, write):
    """Two tasks, each the first of its node, train together."""
    for name, text in (('srun', SRUN), ('scontrol', SCONTROL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    config = write(
        tmp_path / 'tiny.py', baseline=True,
        custom_imports=dict(imports=['helpers.dist_checks']),
        custom_hooks=[dict(type='RankEqualityHook', folder=str(tmp_path))])
    script = ROOT / 'tools/slurm_train.sh'
    run('bash', '-c', f'PATH={tmp_path}:$PATH bash {script} gpu job {config} '
        f'{tmp_path}/work --cfg-options train_cfg.max_epochs=1 '
        f'train_dataloader.batch_size={BATCH_SIZE // 2}', cwd=tmp_path,
        GPUS=2, GPUS_PER_NODE=1, MASTER_PORT=free_port())
    for rank in range(2):
        assert (tmp_path / f'rank{rank}_epoch1').exists()
    # Of one distributed wrapper around the model.
    state = load(tmp_path / 'work/epoch_1.pth')['state_dict']
    assert list(state) == list(MODELS.build(baseline_cfg()).state_dict())
