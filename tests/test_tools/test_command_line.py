"""What flags of the tools make of a config."""

import copy
import re

import pytest
from helpers.tools import ROOT, load_tool
from mmengine.config import Config

RAFDB = ROOT / 'configs/ipdfer_rafdb.py'
SFEW = ROOT / 'configs/ipdfer_sfew_from_rafdb.py'
STEPS = ('encoders', 'discriminator', 'generator')


def parse(name: str, *command) -> Config:
    """Config that a tool hands to the Runner."""
    tool = load_tool(f'{name}.py')
    args = tool.parse_args([str(part) for part in command])
    cfg = tool.load_config(args)
    tool.merge_args(cfg, args)
    return cfg


@pytest.fixture
def changed(tmp_path):
    """Write a config with more lines than the one of RAF-DB."""

    def call(lines: str = '', name: str = 'own.py'):
        (tmp_path / name).write_text(f'_base_ = {str(RAFDB)!r}\n{lines}\n')
        return tmp_path / name

    return call


def test_work_dir(changed):
    """The options, then the flag, the config, and the config's name."""
    config = changed('work_dir = "of_config"', 'named.py')
    # With the folder, as two configs may have one name.
    below = RAFDB.parent / 'ablations/ipdfer_rafdb_lazy.py'
    flag = ('--work-dir', 'flag')
    for expected, command in (
            ('work_dirs/ipdfer_rafdb', [RAFDB]),
            ('work_dirs/ablations/ipdfer_rafdb_lazy', [below]),
            ('work_dirs/own', [changed()]),
            ('of_config', [config]),
            ('flag', [config, *flag]),
            ('option', [config, *flag, '--cfg-options', 'work_dir=option'])):
        assert parse('train', *command).work_dir == expected
    assert parse('test', config, 'x.pth').work_dir == 'of_config'


@pytest.mark.parametrize('config, flags, resume, load_from', [
    (RAFDB, (), False, None),
    (RAFDB, ('--resume', ), True, None),
    (RAFDB, ('--resume', 'auto'), True, None),
    (RAFDB, ('--resume', 'x.pth'), True, 'x.pth'),
    # ``load_from`` of a config is no run to go on with.
    (SFEW, (), False, 'work_dirs/ipdfer_rafdb/epoch_30.pth'),
    (SFEW, ('--resume', ), True, None),
    (SFEW, ('--resume', 'y.pth'), True, 'y.pth'),
])
def test_resume(config, flags, resume, load_from):
    cfg = parse('train', config, *flags)
    assert (cfg.resume, cfg.load_from) == (resume, load_from)


@pytest.mark.parametrize('flags, start_from', [
    ((), 'work_dirs/ipdfer_rafdb/epoch_30.pth'),
    (('--cfg-options', 'load_from=x.pth'), 'x.pth')])
def test_resume_where_weights_are_loaded_first(flags, start_from):
    cfg = parse('train', SFEW, '--resume', *flags)
    assert cfg.default_hooks.resume_checkpoint.start_from == start_from


def test_amp_of_every_step():
    before = parse('train', RAFDB).optim_wrapper
    after = parse('train', RAFDB, '--amp').optim_wrapper
    # Nothing is added at the top, where each key is a step.
    assert set(after) == {'constructor', *STEPS}
    for step in STEPS:
        assert after[step] == dict(
            type='AmpOptimWrapper', loss_scale='dynamic',
            optimizer=before[step].optimizer)


def test_amp_of_one_optimizer():
    optim_wrapper = parse('train', ROOT / 'configs/baseline_rafdb.py',
                          '--amp').optim_wrapper
    assert optim_wrapper.type == 'AmpOptimWrapper'
    assert optim_wrapper.optimizer.type == 'Adam'


def test_amp_leaves_settings():
    """Options come last; an AmpOptimWrapper of the config stays one."""
    steps = parse('train', RAFDB, '--amp', '--cfg-options',
                  'optim_wrapper.encoders.dtype=bfloat16',
                  'optim_wrapper.generator.type=OptimWrapper').optim_wrapper
    assert steps.encoders.type == 'AmpOptimWrapper'
    assert steps.encoders.dtype == 'bfloat16'
    assert steps.generator.type == 'OptimWrapper'
    wrapper = dict(
        type='AmpOptimWrapper', loss_scale=512., optimizer=dict(type='SGD'))
    expected = copy.deepcopy(wrapper)
    load_tool('train.py').set_amp(wrapper)
    assert wrapper == expected


def test_no_validate():
    cfg = parse('train', RAFDB, '--no-validate')
    assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None
    # There is no best without validation.
    assert cfg.default_hooks.checkpoint.save_best is None


def test_loaders():
    assert parse('train', RAFDB).val_dataloader.persistent_workers
    cfg = parse('train', RAFDB, '--no-persistent-workers', '--no-pin-memory')
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        assert cfg[name].collate_fn.type == 'default_collate'
        assert cfg[name].persistent_workers is False
        assert cfg[name].pin_memory is False
        # torch refuses persistent workers where there are none.
        cfg_0 = parse('train', RAFDB, '--cfg-options', f'{name}.num_workers=0')
        assert cfg_0[name].persistent_workers is False


def test_options_win():
    assert not parse('train', RAFDB).auto_scale_lr.enable
    assert parse('train', RAFDB, '--auto-scale-lr').auto_scale_lr.enable
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
    hook = parse('test', RAFDB, 'best.pth').default_hooks.visualization
    assert not hook.enable


@pytest.mark.parametrize('tool, lines, flags, message', [
    ('train', '', ['--resume', 'x.safetensors'], 'x.safetensors.*load_from'),
    ('train', 'auto_scale_lr = None', ['--auto-scale-lr'], 'base_batch_size'),
    ('train', 'optim_wrapper = dict(encoders=dict(type="ApexOptimWrapper"))',
     ['--amp'], 'optim_wrapper.encoders.*ApexOptimWrapper'),
    ('test', 'default_hooks = dict(_delete_=True)',
     ['x.pth', '--show-dir', 'shown'], 'VisualizationHook'),
])
def test_what_cannot_be_done_is_refused(changed, tool, lines, flags, message):
    with pytest.raises(ValueError, match=message):
        parse(tool, changed(lines), *flags)


def test_tta(changed):
    cfg = parse('test', RAFDB, 'best.pth', '--tta', '--cfg-options',
                'model.neutral_class=calm')
    assert cfg.model.type == 'ipdfer_mm.AverageScoreTTA'
    # Options name what the config names.
    assert cfg.model.module.neutral_class == 'calm'
    *_, last = cfg.test_dataloader.dataset.pipeline
    assert last.type == 'TestTimeAug'
    assert [t.prob for t in last.transforms[0]] == [1, 0]
    assert last.transforms[1][0].type == 'PackFaceInputs'
    config = changed('tta_model = dict(type="Own")\n'
                     'tta_pipeline = [dict(type="OwnAug")]')
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
    assert re.search(message, capsys.readouterr().err)
