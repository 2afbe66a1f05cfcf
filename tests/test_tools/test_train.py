"""tools/train.py, run as a user runs it, on a tiny RAF-DB."""

import re
import shutil

import pytest
from helpers.tiny_run import (
    ITERATIONS,
    assert_equal,
    comparable,
    load,
    run_train,
)

LOSSES = ('loss_recon', 'loss_id', 'loss_adv_neutral', 'loss_adv_exp',
          'loss_exp', 'loss_pose', 'loss_cos', 'loss_confusion', 'loss_disc',
          'loss_encoders', 'loss_discriminator', 'loss_generator')


def test_logs_and_files_of_a_run(ipdfer_run):
    lines = re.findall(r'Epoch\(train\).*', ipdfer_run.output)
    assert len(lines) == 2 * ITERATIONS
    for name in (*LOSSES, 'pose_unknown', 'encoders.lr', 'generator.lr'):
        assert all(f' {name}: ' in line for line in lines), name
    work_dir = ipdfer_run.work_dir
    assert (work_dir / 'last_checkpoint').read_text() == str(
        work_dir / 'epoch_2.pth')
    (data, ) = work_dir.glob('*/vis_data')
    for name in ('vis_image/synthesis_1.png', 'vis_image/synthesis_2.png'):
        assert (data / name).stat().st_size > 0
    (events, ) = data.glob('events.out.tfevents.*')
    assert b'synthesis' in events.read_bytes()


def test_checkpoints_are_plain(ipdfer_run):
    (best, ) = ipdfer_run.work_dir.glob('best_accuracy_top1_epoch_*.pth')
    for path in (best, ipdfer_run.work_dir / 'epoch_2.pth'):
        checkpoint = load(path)  # weights_only=True
        assert not [k for k in checkpoint['state_dict'] if 'module.' in k]
        meta = checkpoint['meta']
        assert meta['dataset_meta']['classes'][4] == 'neutral'
        assert meta['ipdfer_mm']['normalization'] == dict(
            mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True)
    assert set(checkpoint['optimizer']) == {'encoders', 'discriminator',
                                            'generator'}


def test_resume_of_nothing_starts_from_load_from(ipdfer_run, tmp_path):
    """As run_experiments starts a run; at a rate of 0 the weights stay."""
    start = ipdfer_run.work_dir / 'epoch_2.pth'
    rates = [f'optim_wrapper.{key}.optimizer.lr=0' for key in
             ('encoders', 'discriminator', 'generator')]
    run_train(ipdfer_run.config, tmp_path, '--resume', '--cfg-options',
              f'load_from={start}', 'train_cfg.max_epochs=1', *rates)
    before, after = (load(path)['state_dict'] for path in
                     (start, tmp_path / 'epoch_1.pth'))
    name = 'decoder.to_rgb.weight'
    assert before[name].equal(after[name])
    assert load(tmp_path / 'epoch_1.pth')['meta']['iter'] == ITERATIONS


@pytest.fixture
def config(tmp_path, write):
    return write(tmp_path / 'tiny.py')


@pytest.mark.parametrize('algorithm, workers, seed', [
    ('ipdfer', 0, None), ('baseline', 0, 0), ('baseline', 2, None)])
def test_resumed_run_equals_undisturbed_one(
        config, write, tmp_path, algorithm, workers, seed):
    """Also if the run drew its seed."""
    write(config, algorithm == 'baseline')
    flags = ('--cfg-options', f'train_dataloader.num_workers={workers}',
             f'randomness.seed={seed}')
    run_train(config, tmp_path / 'undisturbed', *flags)
    output = run_train(config, tmp_path / 'resumed', '--resume',
                       tmp_path / 'undisturbed/epoch_1.pth', *flags)
    assert f'resumed epoch: 1, iter: {ITERATIONS}' in output
    undisturbed = comparable(tmp_path / 'undisturbed/epoch_2.pth')
    assert_equal(comparable(tmp_path / 'resumed/epoch_2.pth'), undisturbed)
    # Of the validation of that epoch, after it was saved.
    assert undisturbed['reliability']['by_class']


def fail(config, *flags) -> str:
    """Run a training that must fail; the last lines of what it prints."""
    output = run_train(config, config.parent / 'work', *flags, fails=True)
    return output[output.rindex('Traceback'):]


@pytest.mark.parametrize('flags, parts', [
    (['train_dataloader.dataset.data_root=/absent/rafdb'],
     ["data_root='/absent/rafdb' of RAFDB is no folder",
      'basic/EmoLabel/list_patition_label.txt']),
    (['train_dataloader.dataset.manifest=absent.csv'],
     ['/absent.csv does not exist', 'tools/prepare_dataset.py']),
    (['train_dataloader.dataset.manifest=None'],
     ['no sample of the training set RAFDB has a head pose',
      'tools/prepare_dataset.py', 'configs/idfer_*.py']),
    (['optim_wrapper.encoders.accumulative_counts=2'],
     ['optim_wrapper.encoders.accumulative_counts must be 1']),
    (['optim_wrapper.encoders.optimizer.lr=1e20'],
     ['FloatingPointError: A loss is not finite at iteration 1',
      'loss_generator=nan', 'lower learning rate']),
    # Weights broken by the last update of an epoch, which no loss shows.
    (['train_dataloader.batch_size=16',
      'optim_wrapper.generator.optimizer.type=SGD',
      'optim_wrapper.generator.optimizer.lr=1e38',
      'model.loss_recon.type=ipdfer_mm.ReconstructionLoss',
      'model.loss_recon.loss_weight=1000'],
     ['parameters are not finite after iteration 1',
      'expression_encoder.backbone.', 'lower learning rate']),
])
def test_what_is_wrong_is_named(config, flags, parts):
    """And no broken weights are saved."""
    message = fail(config, '--cfg-options', *flags)
    for part in parts:
        assert part in message
    assert not list(config.parent.glob('work/*.pth'))


def test_missing_files(config):
    absent = config.with_name('absent.py')
    assert f'The config {absent} does not exist.' in fail(absent)
    assert 'The checkpoint /absent/epoch_1.pth does not exist' in fail(
        config, '--resume', '/absent/epoch_1.pth')


def test_damaged_image(config, rafdb, tmp_path):
    """Its name comes from a worker process."""
    shutil.copytree(rafdb, tmp_path / 'rafdb')
    name = 'basic/Image/aligned/train_00003_aligned.jpg'
    (tmp_path / 'rafdb' / name).write_bytes(b'no image')
    message = fail(config, '--cfg-options', 'train_dataloader.num_workers=2',
                   f'train_dataloader.dataset.data_root={tmp_path}/rafdb')
    assert f'Cannot load the image {tmp_path}/rafdb/{name}' in message


def test_damaged_checkpoint_is_passed_over(ipdfer_run, tmp_path):
    """Resumed from the one before; the warning names both."""
    work = tmp_path / 'work'
    shutil.copytree(ipdfer_run.work_dir, work)
    content = bytearray((work / 'epoch_2.pth').read_bytes())
    content[len(content) // 2] ^= 1
    (work / 'epoch_2.pth').write_bytes(content)
    output = run_train(ipdfer_run.config, work, '--resume', '--cfg-options',
                       'train_dataloader.num_workers=2')
    warning = next(line for line in output.splitlines() if 'WARNING' in line
                   and 'epoch_2.pth' in line)
    assert f'{work}/epoch_2.pth (' in warning
    assert f'{work}/epoch_1.pth.' in warning
    assert f'resumed epoch: 1, iter: {ITERATIONS}' in output
    assert_equal(comparable(work / 'epoch_2.pth'),
                 comparable(ipdfer_run.work_dir / 'epoch_2.pth'))


def test_flags(ipdfer_run, config, tmp_path):
    """What mmpretrain's users know, in one run."""
    output = run_train(config, tmp_path, '--no-validate', '--auto-scale-lr',
                       '--no-pin-memory', '--no-persistent-workers',
                       '--cfg-options', 'train_cfg.max_epochs=1',
                       'default_hooks.compile=None')
    assert 'Epoch(val)' not in output
    assert 'networks are not compiled' in ipdfer_run.output
    assert 'networks are not compiled' not in output
    # 8 samples a batch instead of 32
    assert 'encoders.lr: 2.5000e-05' in output
    assert load(tmp_path / 'epoch_1.pth')['meta']['iter'] == ITERATIONS
