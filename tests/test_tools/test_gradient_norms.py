"""The command on a tiny RAF-DB."""

from helpers.tiny_run import (
    baseline_cfg,
    ipdfer_cfg,
    make_rafdb,
    save_identity_weights,
    write_config,
)
from helpers.tools import run_tool


def test_a_baseline_has_no_such_losses(tmp_path):
    config = write_config(tmp_path / 'config.py', make_rafdb(tmp_path),
                          baseline_cfg())
    output = run_tool('analysis_tools/gradient_norms.py',
                      config, cwd=tmp_path, fails=True)
    assert 'those of an IPDFERModel' in output and 'Traceback' not in output


def test_table(tmp_path):
    weights = save_identity_weights(tmp_path / 'identity.pth')
    config = write_config(tmp_path / 'config.py', make_rafdb(tmp_path),
                          ipdfer_cfg(weights))
    output = run_tool('analysis_tools/gradient_norms.py',
                      config, '--num-batches', '2', cwd=tmp_path)
    rows = {tuple(line.split()[:2]): line.split()[2:]
            for line in output.splitlines()
            if line.startswith(('step', 'encoders', 'generator'))}
    assert rows['step', 'loss'] == ['pose_encoder', 'expression_encoder',
                                    'decoder']
    recon = [float(cell) for cell in rows['generator', 'loss_recon']]
    assert min(recon) > 0
    assert float(rows['generator', 'loss_exp'][2]) == 0
    assert len(rows) == 1 + 3 + 8
    assert 'Norms of the features: identity' in output
