"""Several processes: gloo on CPUs, and what would run on a cluster."""

import json
import re
import subprocess

import mmengine
import pytest
import torch
from helpers.tiny_run import (
    BATCH_SIZE,
    ITERATIONS,
    NUM_TEST,
    ROOT,
    assert_equal,
    comparable,
    free_port,
    load,
    run,
    run_test,
    run_train,
    tool_environment,
)

# Half a batch in each process, so that an epoch has as many iterations.
HALF_BATCH = ('--cfg-options',
              f'train_dataloader.batch_size={BATCH_SIZE // 2}')
SCRIPTS = ('dist_test.sh', 'dist_train.sh', 'slurm_test.sh', 'slurm_train.sh')


def dist_train(config, work_dir, *flags) -> str:
    return run('bash', ROOT / 'tools/dist_train.sh', config, 2, '--work-dir',
               work_dir, *flags, cwd=config.parent, PORT=free_port())


@pytest.fixture(scope='module')
def dist_run(tmp_path_factory, write):
    """Two epochs in two processes, checked after each by a hook."""
    folder = tmp_path_factory.mktemp('dist')
    write(folder / 'tiny.py',
          custom_imports=dict(imports=['helpers.dist_checks']),
          custom_hooks=[dict(type='RankEqualityHook', folder=str(folder))])
    dist_train(folder / 'tiny.py', folder / 'work', *HALF_BATCH)
    return folder


def test_ranks_stay_equal(dist_run):
    assert {path.name for path in dist_run.glob('rank*')} == {
        f'rank{rank}_epoch{epoch}' for rank in (0, 1) for epoch in (1, 2)}


def test_checkpoint_is_that_of_one_process(dist_run, ipdfer_run):
    ours = load(dist_run / 'work/epoch_2.pth')
    theirs = load(ipdfer_run.work_dir / 'epoch_2.pth')
    assert ours['meta']['iter'] == 2 * ITERATIONS
    assert ours['state_dict'].keys() == theirs['state_dict'].keys()
    assert not [key for key in ours['state_dict'] if 'module.' in key]


def test_two_nodes(dist_run, tmp_path):
    """Two launches that meet over a port, as on two machines."""
    port = free_port()
    script = ROOT / 'tools/dist_train.sh'
    nodes = [subprocess.Popen(
        ['bash', script, dist_run / 'tiny.py', '1', '--work-dir',
         tmp_path / 'work', *HALF_BATCH], cwd=dist_run,
        env=tool_environment(NNODES=2, NODE_RANK=rank, PORT=port),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
             for rank in range(2)]
    outputs = [node.communicate(timeout=300)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], outputs
    assert 'Epoch(val) [2]' in outputs[0]
    assert_equal(comparable(tmp_path / 'work/epoch_2.pth'),
                 comparable(dist_run / 'work/epoch_2.pth'))


def test_validation_is_that_of_one_process(dist_run, tmp_path):
    """Seven images, of which two processes validate four each."""
    run_test(dist_run / 'tiny.py', dist_run / 'work/epoch_2.pth', tmp_path,
             '--out', tmp_path / 'metrics.json', '--out-item', 'metrics')
    alone = json.loads((tmp_path / 'metrics.json').read_text())
    lines = [json.loads(line)
             for log in sorted(dist_run.glob('work/*/vis_data/scalars.json'))
             for line in log.read_text().splitlines()]
    together = next(line for line in lines
                    if 'accuracy/top1' in line and line['step'] == 2)
    names = [name for name in alone if 'time' not in name]
    assert 'accuracy/top1' in names and 'single-label/f1-score' in names
    for name in names:
        assert together[name] == pytest.approx(alone[name], abs=1e-6), name


def test_resumes_in_one_process(ipdfer_run, dist_run, tmp_path):
    output = run_train(
        ipdfer_run.config, tmp_path, '--resume', dist_run / 'work/epoch_2.pth',
        '--cfg-options', 'train_cfg.max_epochs=3')
    assert f'resumed epoch: 2, iter: {2 * ITERATIONS}' in output
    adam = load(tmp_path / 'epoch_3.pth')['optimizer']['encoders']
    assert adam['state'][0]['step'] == 3 * ITERATIONS


def test_resumes_in_two_processes(dist_run, tmp_path):
    output = dist_train(dist_run / 'tiny.py', tmp_path, '--resume',
                        dist_run / 'work/epoch_1.pth', *HALF_BATCH)
    assert f'resumed epoch: 1, iter: {ITERATIONS}' in output
    assert_equal(comparable(tmp_path / 'epoch_2.pth'),
                 comparable(dist_run / 'work/epoch_2.pth'))


@pytest.mark.parametrize('flags', [(), ('--tta', )])
def test_dist_test_agrees_with_one_process(ipdfer_run, tmp_path, flags):
    checkpoint = ipdfer_run.work_dir / 'epoch_2.pth'
    one, two = tmp_path / 'one.pkl', tmp_path / 'two.pkl'
    outputs = [
        run_test(ipdfer_run.config, checkpoint, tmp_path, *flags, '--out',
                 one),
        run('bash', ROOT / 'tools/dist_test.sh', ipdfer_run.config,
            checkpoint, 2, '--work-dir', tmp_path, *flags, '--out', two,
            cwd=tmp_path, PORT=free_port())]
    metrics = [re.findall(r'accuracy.*f1-score: \S+', o) for o in outputs]
    assert metrics[0]
    assert metrics[0] == metrics[1]
    one, two = mmengine.load(one), mmengine.load(two)
    assert len(one) == len(two) == NUM_TEST
    for left, right in zip(one, two):
        assert left['img_path'] == right['img_path']
        assert torch.allclose(left['pred_score'], right['pred_score'])


@pytest.mark.parametrize('script', SCRIPTS)
def test_script_says_its_usage(script, tmp_path):
    output = run('bash', ROOT / 'tools' / script, cwd=tmp_path, fails=True)
    assert f'usage: bash tools/{script}' in output
