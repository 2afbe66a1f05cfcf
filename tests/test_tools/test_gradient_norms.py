"""The command on a tiny RAF-DB."""

from functools import partial

from helpers.tools import run_tool

run = partial(run_tool, 'analysis_tools/gradient_norms.py')


def test_a_baseline_has_no_such_losses(write, tmp_path):
    config = write(tmp_path / 'config.py', baseline=True)
    output = run(config, cwd=tmp_path, fails=True)
    assert 'those of an IPDFERModel' in output and 'Traceback' not in output


def test_no_batches(ipdfer_run, tmp_path):
    output = run(ipdfer_run.config, '--num-batches', '0', cwd=tmp_path,
                 fails=True)
    assert '--num-batches must be 1 or more' in output


def test_table(ipdfer_run, tmp_path):
    output = run(ipdfer_run.config, '--num-batches', '2', cwd=tmp_path)
    rows = {tuple(line.split()[:2]): line.split()[2:]
            for line in output.splitlines()
            if line.startswith(('step', 'encoders', 'generator'))}
    assert rows['step', 'loss'] == ['pose_encoder', 'expression_encoder',
                                    'decoder']
    assert min(map(float, rows['generator', 'loss_recon'])) > 0
    assert float(rows['generator', 'loss_exp'][2]) == 0
    assert len(rows) == 1 + 3 + 8
    assert 'Norms of the features: identity' in output
