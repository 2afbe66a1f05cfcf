"""The command on a trained checkpoint."""

from helpers.tiny_run import NUM_CLASSES, ROOT, load
from helpers.tools import run_tool
from mmengine.config import Config

TOOL = ROOT / 'tools/model_converters/ipdfer_to_mmpretrain.py'


def test_publishes(ipdfer_run, tmp_path):
    checkpoint = ipdfer_run.work_dir / 'epoch_2.pth'
    output = run_tool(TOOL, ipdfer_run.config, checkpoint,
                      tmp_path / 'plain.pth', cwd=tmp_path)
    assert 'plain.py' in output
    cfg = Config.fromfile(tmp_path / 'plain.py')
    assert cfg.model.type == 'ImageClassifier'
    published, whole = load(tmp_path / 'plain.pth'), load(checkpoint)
    assert published['meta']['dataset_meta'] == whole['meta']['dataset_meta']
    assert len(published['state_dict']['head.fc.bias']) == NUM_CLASSES


def test_errors(ipdfer_run, tmp_path):
    output = run_tool(TOOL, ipdfer_run.config, 'missing.pth',
                      tmp_path / 'plain.pth', cwd=tmp_path, fails=True)
    assert 'missing.pth does not exist' in output
    assert 'Traceback' not in output
    assert not list(tmp_path.iterdir())


def test_nothing_of_the_user_is_replaced(ipdfer_run, tmp_path):
    checkpoint = ipdfer_run.work_dir / 'epoch_2.pth'
    copy, mine = tmp_path / 'mine.pth', tmp_path / 'plain.py'
    copy.write_bytes(checkpoint.read_bytes())
    mine.write_text('mine')
    for source, out, message in (
            (copy, copy, 'mine.pth is what is read'),
            (copy, mine.with_suffix('.pth'), 'plain.py is no config that')):
        output = run_tool(TOOL, ipdfer_run.config, source, out, cwd=tmp_path,
                          fails=True)
        assert message in output and 'Traceback' not in output
    assert mine.read_text() == 'mine'
    assert copy.read_bytes() == checkpoint.read_bytes()
    for _ in range(2):  # the second time over what was published
        run_tool(TOOL, ipdfer_run.config, copy, tmp_path / 'new.pth',
                 cwd=tmp_path)
