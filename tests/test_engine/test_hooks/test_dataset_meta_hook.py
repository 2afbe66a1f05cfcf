"""Model, dataset and checkpoint must fit each other."""

import logging
from types import SimpleNamespace

import pytest
import torch
from helpers.small_model import (
    CLASSES,
    build_model,
    build_optim,
    head,
    make_batch,
    resnet,
)
from mmengine.logging import MessageHub
from mmengine.model import BaseTTAModel, ImgDataPreprocessor
from mmengine.runner import BaseLoop
from mmpretrain.structures import DataSample

from ipdfer_mm import __version__
from ipdfer_mm.engine import DatasetMetaHook
from ipdfer_mm.registry import MODELS

MEAN = [127.5] * 3
# What a run is about to do with a checkpoint.
START, RESUME, TEST = dict(), dict(resume=True), dict(test=True)


class Loader(list):
    """Batches of a dataset."""

    batch_size = 8
    dataset = None


class Loop(BaseLoop):
    """A loop that is built."""

    def __init__(self, dataset) -> None:
        self.dataloader = Loader(['a batch'])
        self.dataloader.dataset = dataset

    def run(self) -> None:
        raise AssertionError('nothing runs here')


def make_dataset(classes=CLASSES, poses=1, **meta):
    return SimpleNamespace(
        metainfo=dict(classes=classes, **meta), num_known_poses=poses)


def make_runner(model, dataset=None, resume=False, test=False):
    """A runner that is about to train, to resume or to test."""
    loop = Loop(dataset or make_dataset())
    ours = getattr(model, 'module', model)
    return SimpleNamespace(
        model=model,
        optim_wrapper=(build_optim(ours) if hasattr(ours, 'trained_by_step')
                       else None),
        train_dataloader=loop.dataloader,
        logger=logging.getLogger('dataset_meta_hook_test'),
        message_hub=MessageHub('dataset_meta_hook_test'),
        _resume=resume,
        _train_loop={} if test else loop,
        _val_loop={},
        _test_loop=loop if test else {})


def train(model, dataset=None):
    """The hook before a training."""
    DatasetMetaHook().before_train(make_runner(model, dataset))


def load(how, model, checkpoint, dataset=None):
    """The hook after a checkpoint is loaded."""
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, dataset, **how), checkpoint)


def save(model, classes=CLASSES, **meta) -> dict:
    """What a run with this model saves."""
    checkpoint = dict(
        meta=dict(dataset_meta=dict(classes=classes, **meta)),
        state_dict=model.state_dict())
    DatasetMetaHook().before_save_checkpoint(make_runner(model), checkpoint)
    return checkpoint


def classifier(num_classes=4, kind='ImageClassifier', scope='mmpretrain'):
    return MODELS.build(dict(
        type=kind, _scope_=scope, backbone=resnet(), head=head(num_classes),
        neck=dict(type='mmpretrain.GlobalAveragePooling')))


def discriminator(num_classes):
    return dict(type='ipdfer_mm.ExpressionDiscriminator', backbone=resnet(),
                head=head(num_classes))


@pytest.fixture(scope='module')
def model():
    return build_model()


# Before training


@pytest.mark.parametrize('wrap', [lambda model: model, torch.nn.DataParallel])
def test_model_learns_the_classes(wrap):
    model = build_model(classes=None)
    assert model.neutral_label is None
    train(wrap(model))
    assert model.classes == CLASSES
    assert model.neutral_label == CLASSES.index('neutral')


def test_no_batch(model):
    """As with drop_last, when there are fewer images than a batch has."""
    runner = make_runner(model, [1, 2, 3])
    runner.train_dataloader.clear()
    with pytest.raises(ValueError, match='no batch.* 3 .*batch_size=8'):
        DatasetMetaHook().before_train(runner)


def test_training_set_up_is_checked():
    """Before the first iteration, which does not check it again."""
    model = build_model()
    runner = make_runner(model)
    DatasetMetaHook().before_train(runner)
    model.identity_encoder.has_weights = False
    model.train_step(make_batch(0), runner.optim_wrapper)
    with pytest.raises(RuntimeError, match='random weights'):
        train(model)


@pytest.mark.parametrize('change, classes, message', [
    (dict(classes=None), ('anger', 'fear', 'joy', 'rage'),
     '"neutral".*anger.*fear.*joy.*rage(.|\n)*model.neutral_class'),
    ({}, None, 'SimpleNamespace does not name'),
    (dict(expression_head=head(7)), CLASSES, 'model.expression_head.num_class'
     'es is 7, .* 4 classes: anger, happiness, neutral, sadness'),
    (dict(discriminator=discriminator(7)), CLASSES,
     'model.discriminator.head.num_classes is 7'),
])
def test_classes_that_do_not_fit(change, classes, message):
    with pytest.raises(ValueError, match=message):
        train(build_model(**change), make_dataset(classes))


def test_wrong_num_classes_of_a_classifier():
    train(classifier())
    with pytest.raises(ValueError, match='model.head.num_classes is 7'):
        train(classifier(7))
    # Ten thousand subjects are not all printed.
    subjects = make_dataset([f'subject {i}' for i in range(10000)])
    with pytest.raises(ValueError, match='10000 classes') as info:
        train(classifier(), subjects)
    assert len(str(info.value)) < 500


@pytest.mark.parametrize('wrap', [
    lambda d: d,
    lambda d: SimpleNamespace(metainfo=d.metainfo, dataset=d),
    lambda d: SimpleNamespace(metainfo=d.metainfo, datasets=[d, d]),
])
def test_pose_encoder_without_poses(model, wrap):
    """Also below a ``ClassBalancedDataset`` or a ``ConcatDataset``."""
    train(model, wrap(make_dataset()))
    with pytest.raises(ValueError, match='has a head pose.*tools/prepare_data'
                       r'set.py.*configs/idfer_\*.py'):
        train(model, wrap(make_dataset(poses=0)))


def test_a_baseline_that_learns_poses_without_poses():
    baseline = classifier()
    baseline.head = MODELS.build(dict(
        type='ipdfer_mm.PoseSupervisedHead', num_classes=4, in_channels=64,
        pose_head=head(5)))
    train(baseline)
    with pytest.raises(ValueError, match='no sample .* has a head pose'):
        train(baseline, make_dataset(poses=0))


def test_no_other_model_needs_poses(model):
    idfer = build_model(pose_encoder=None, pose_head=None)
    for other in (idfer, classifier()):
        train(other, make_dataset(poses=0))
    # Datasets of others do not count their poses.
    train(model, SimpleNamespace(metainfo=dict(classes=CLASSES)))


# Checkpoints


def test_meta(model):
    meta = save(model)['meta']
    assert meta['ipdfer_mm'] == dict(
        version=__version__,
        normalization=dict(mean=MEAN, std=MEAN, to_rgb=True))
    assert 'reliability' not in meta
    # That of the last validation.
    runner = make_runner(model)
    runner.message_hub.update_info('reliability', dict(by_yaw=[.5]))
    checkpoint = dict(meta={})
    DatasetMetaHook().before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['reliability'] == dict(by_yaw=[.5])


@pytest.mark.parametrize('preprocessor', [
    None, ImgDataPreprocessor(MEAN, MEAN)], ids=['none', "not mmpretrain's"])
def test_no_normalization(preprocessor):
    model = classifier()
    model.data_preprocessor = preprocessor or model.data_preprocessor
    checkpoint = save(model)
    assert checkpoint['meta']['ipdfer_mm']['normalization'] is None
    load(RESUME, model, checkpoint)


@pytest.mark.parametrize('how', [START, RESUME, TEST])
def test_fitting_checkpoint(model, how, caplog):
    for classes in (CLASSES, list(CLASSES)):
        load(how, model, save(model, classes, recipe='abc'),
             make_dataset(recipe='abc'))
    assert not caplog.records


@pytest.mark.parametrize('how', [START, RESUME, TEST])
def test_other_classes(model, how):
    with pytest.raises(ValueError, match='anger, neutral, happiness, sadness'
                       '.*anger, happiness, neutral, sadness(.|\n)*'
                       "prefix='expression_encoder.backbone.'"):
        load(how, model,
             save(model, ('anger', 'neutral', 'happiness', 'sadness')))


@pytest.mark.parametrize('how', [TEST, RESUME])
def test_another_fold(model, how):
    rule = dict(fold_rule='a quarter')
    checkpoint = save(model, fold=3, **rule)
    for fits in (dict(fold=3, **rule), dict(fold=0, fold_rule='a tenth'), {}):
        load(how, model, checkpoint, make_dataset(**fits))
    other = make_dataset(fold=0, **rule)
    with pytest.raises(ValueError, match='is one of fold 3, but .*fold 0'):
        load(how, model, checkpoint, other)
    load(START, model, checkpoint, other)  # that is no test


def test_a_recognizer_is_tested_on_other_subjects():
    recognizer = classifier(kind='FaceRecognizer', scope='ipdfer_mm')
    checkpoint = save(recognizer, classes=('ann', 'bob', 'cy', 'di'))
    load(TEST, recognizer, checkpoint)
    # Each row of the head is one of the subjects it goes on to learn.
    with pytest.raises(ValueError, match='ann, bob, cy, di'):
        load(RESUME, recognizer, checkpoint)


def test_other_recipe(model, caplog):
    load(TEST, model, save(model, recipe='def'), make_dataset(recipe='abc'))
    assert 'another recipe (def) than the one in use (abc)' in caplog.text


class TTA(BaseTTAModel):

    def merge_preds(self, data_samples_list) -> list[DataSample]:
        return data_samples_list[0]


@pytest.mark.parametrize('wrap', [lambda model: model, TTA])
def test_other_normalization(model, wrap, caplog):
    other = build_model(data_preprocessor=dict(to_rgb=False))
    load(TEST, wrap(model), save(other))
    assert 'another normalization' in caplog.text
    assert "'to_rgb': False" in caplog.text


def test_checkpoints_of_others(model):
    """Without meta information, or a bare state dict, also a wrapped one."""
    state = model.state_dict()
    wrapped = {f'module.{key}': value for key, value in state.items()}
    for checkpoint in (dict(state_dict=state), dict(state), dict(
            meta=dict(dataset_meta=None), state_dict=wrapped)):
        load(TEST, model, checkpoint)


@pytest.mark.parametrize('how', [RESUME, TEST])
def test_weights_that_do_not_fit(model, how):
    checkpoint = save(model)
    state = checkpoint['state_dict']
    del state['expression_head.fc.weight']
    state['expression_head.fc.bias'] = torch.zeros(7)
    with pytest.raises(ValueError, match='in the config, IPDFERModel') as info:
        load(how, model, checkpoint)
    assert 'not in the file: expression_head.fc.weight' in str(info.value)
    assert 'expression_head.fc.bias (file 7, network 4)' in str(info.value)
    load(START, model, checkpoint)  # from what fits


def test_only_training_needs_the_discriminator(model):
    checkpoint = save(model)
    checkpoint['state_dict'] = {
        key: value for key, value in checkpoint['state_dict'].items()
        if not key.startswith('discriminator.')}
    load(TEST, model, checkpoint)
    with pytest.raises(ValueError, match='in the config, IPDFERModel'):
        load(RESUME, model, checkpoint)
