"""What flags of the tools make of a config."""

import copy
import re

import pytest
from helpers.tools import ROOT, load_tool
from mmengine.config import Config

RAFDB = ROOT / 'configs/ipdfer_rafdb.py'
BASELINE = ROOT / 'configs/baseline_rafdb.py'
STEPS = ('encoders', 'discriminator', 'generator')


def parse(name: str, *command) -> Config:
    """Config that a tool hands to the Runner."""
    tool = load_tool(f'{name}.py')
    args = tool.parse_args([str(part) for part in command])
    cfg = tool.load_config(args)
    tool.merge_args(cfg, args)
    return cfg


def test_work_dir(tmp_path):
    """The flag, then the config, then the config's name."""
    config = tmp_path / 'named.py'
    config.write_text(f'_base_ = {str(RAFDB)!r}\nwork_dir = "of_config"\n')
    assert parse('train', RAFDB).work_dir == 'work_dirs/ipdfer_rafdb'
    # With the folder, as two configs may have one name.
    config_below = RAFDB.parent / 'ablations/ipdfer_rafdb_lazy.py'
    assert parse('train', config_below).work_dir == (
        'work_dirs/ablations/ipdfer_rafdb_lazy')
    own = tmp_path / 'own.py'
    own.write_text(f'_base_ = {str(RAFDB)!r}\n')
    assert parse('train', own).work_dir == 'work_dirs/own'
    assert parse('train', config).work_dir == 'of_config'
    assert parse('train', config, '--work-dir', 'flag').work_dir == 'flag'
    options = ('--cfg-options', 'work_dir=option')
    assert parse('train', config, '--work-dir', 'flag',
                 *options).work_dir == 'option'
    assert parse('test', config, 'x.pth').work_dir == 'of_config'


def test_resume():
    cfg = parse('train', RAFDB)
    assert (cfg.resume, cfg.load_from) == (False, None)
    cfg = parse('train', RAFDB, '--resume')
    assert (cfg.resume, cfg.load_from) == (True, None)
    cfg = parse('train', RAFDB, '--resume', 'auto')
    assert (cfg.resume, cfg.load_from) == (True, None)
    cfg = parse('train', RAFDB, '--resume', 'x.pth')
    assert (cfg.resume, cfg.load_from) == (True, 'x.pth')
    with pytest.raises(ValueError, match='x.safetensors.*load_from'):
        parse('train', RAFDB, '--resume', 'x.safetensors')


def test_resume_where_weights_are_loaded_first():
    """``load_from`` of a config is no run to go on with."""
    sfew = ROOT / 'configs/ipdfer_sfew_from_rafdb.py'
    for flags, named in (((), 'work_dirs/ipdfer_rafdb/epoch_30.pth'),
                         (('--cfg-options', 'load_from=x.pth'), 'x.pth')):
        cfg = parse('train', sfew, '--resume', *flags)
        assert (cfg.resume, cfg.load_from) == (True, None)
        assert cfg.default_hooks.resume_checkpoint.start_from == named
    assert parse('train', sfew).load_from.endswith('epoch_30.pth')
    cfg = parse('train', sfew, '--resume', 'y.pth')
    assert (cfg.resume, cfg.load_from) == (True, 'y.pth')


def test_amp_of_every_step():
    before = parse('train', RAFDB).optim_wrapper
    after = parse('train', RAFDB, '--amp').optim_wrapper
    # Nothing is added at the top, where each key is a step.
    assert set(after) == {'constructor', *STEPS}
    for step in STEPS:
        assert after[step].type == 'AmpOptimWrapper'
        assert after[step].loss_scale == 'dynamic'
        assert after[step].optimizer == before[step].optimizer


def test_amp_of_one_optimizer():
    optim_wrapper = parse('train', BASELINE, '--amp').optim_wrapper
    assert optim_wrapper.type == 'AmpOptimWrapper'
    assert optim_wrapper.optimizer.type == 'Adam'


def test_amp_leaves_settings():
    """Options come last; an AmpOptimWrapper of the config stays one."""
    cfg = parse('train', RAFDB, '--amp', '--cfg-options',
                'optim_wrapper.encoders.dtype=bfloat16',
                'optim_wrapper.generator.type=OptimWrapper')
    assert cfg.optim_wrapper.encoders.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.encoders.dtype == 'bfloat16'
    assert cfg.optim_wrapper.generator.type == 'OptimWrapper'
    wrapper = dict(
        type='AmpOptimWrapper', loss_scale=512., optimizer=dict(type='SGD'))
    expected = copy.deepcopy(wrapper)
    load_tool('train.py').set_amp(wrapper)
    assert wrapper == expected


def test_amp_is_not_ignored():
    with pytest.raises(ValueError, match='optim_wrapper.d.*ApexOptimWrapper'):
        load_tool('train.py').set_amp(
            dict(d=dict(type='ApexOptimWrapper', optimizer=dict())))


def test_auto_scale_lr(tmp_path):
    assert not parse('train', RAFDB).auto_scale_lr.enable
    assert parse('train', RAFDB, '--auto-scale-lr').auto_scale_lr.enable
    config = tmp_path / 'without.py'
    config.write_text(f'_base_ = {str(RAFDB)!r}\nauto_scale_lr = None\n')
    with pytest.raises(ValueError, match='base_batch_size'):
        parse('train', config, '--auto-scale-lr')


def test_no_validate():
    cfg = parse('train', RAFDB, '--no-validate')
    assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None
    # There is no best without validation.
    assert cfg.default_hooks.checkpoint.save_best is None


def test_loaders():
    cfg = parse('train', RAFDB)
    assert cfg.val_dataloader.persistent_workers
    cfg = parse('train', RAFDB, '--no-persistent-workers', '--no-pin-memory')
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        assert cfg[name].collate_fn.type == 'default_collate'
        assert cfg[name].persistent_workers is False
        assert cfg[name].pin_memory is False
        # torch refuses persistent workers where there are none.
        cfg_0 = parse('train', RAFDB, '--cfg-options', f'{name}.num_workers=0')
        assert cfg_0[name].persistent_workers is False


def test_options_win():
    cfg = parse('train', RAFDB, '--no-pin-memory', '--auto-scale-lr',
                '--cfg-options', 'train_dataloader.pin_memory=True',
                'auto_scale_lr.enable=False', 'param_scheduler.milestones=3,4',
                'model.num=[1,2]')
    assert cfg.train_dataloader.pin_memory is True
    assert cfg.auto_scale_lr.enable is False
    assert cfg.param_scheduler.milestones == [3, 4]
    assert cfg.model.num == [1, 2]


def test_launcher():
    assert parse('train', RAFDB).launcher == 'none'
    # torch.distributed.launch passes --local-rank.
    cfg = parse('train', RAFDB, '--launcher', 'slurm', '--local-rank', '3')
    assert cfg.launcher == 'slurm'


def test_test_flags():
    cfg = parse('test', RAFDB, 'best.pth', '--amp', '--show-dir', 'shown',
                '--interval', '5', '--wait-time', '0.5', '--no-pin-memory')
    assert cfg.load_from == 'best.pth'
    assert cfg.test_cfg.fp16
    assert cfg.test_dataloader.pin_memory is False
    hook = cfg.default_hooks.visualization
    assert (hook.enable, hook.show, hook.out_dir, hook.interval,
            hook.wait_time) == (True, False, 'shown', 5, 0.5)
    assert not parse('test', RAFDB,
                     'best.pth').default_hooks.visualization.enable


def test_show_dir_needs_the_hook(tmp_path):
    config = tmp_path / 'without.py'
    config.write_text(f'_base_ = {str(RAFDB)!r}\n'
                      'default_hooks = dict(_delete_=True)\n')
    with pytest.raises(ValueError, match='VisualizationHook'):
        parse('test', config, 'best.pth', '--show-dir', 'shown')


def test_tta(tmp_path):
    cfg = parse('test', RAFDB, 'best.pth', '--tta', '--cfg-options',
                'model.neutral_class=calm')
    assert cfg.model.type == 'ipdfer_mm.AverageScoreTTA'
    # Options name what the config names.
    assert cfg.model.module.neutral_class == 'calm'
    *_, last = cfg.test_dataloader.dataset.pipeline
    assert last.type == 'TestTimeAug'
    assert [t.prob for t in last.transforms[0]] == [1, 0]
    assert last.transforms[1][0].type == 'PackFaceInputs'
    config = tmp_path / 'own.py'
    config.write_text(f'_base_ = {str(RAFDB)!r}\n'
                      'tta_model = dict(type="Own")\n'
                      'tta_pipeline = [dict(type="OwnAug")]\n')
    cfg = parse('test', config, 'best.pth', '--tta')
    assert cfg.model.type == 'Own'
    assert cfg.test_dataloader.dataset.pipeline == [dict(type='OwnAug')]


@pytest.mark.parametrize('flags, message', [
    (('--out-item', 'metrics'), '--out-item needs --out'),
    (('--out', 'x.json'), 'x.json.*pred.*.pkl'),
    (('--out', 'x.txt', '--out-item', 'metrics'), 'x.txt.*metrics.*.json'),
])
def test_out(capsys, flags, message):
    """Refused before the test has run, not after."""
    with pytest.raises(SystemExit):
        parse('test', RAFDB, 'best.pth', *flags)
    error = capsys.readouterr().err
    assert re.search(message, error)
