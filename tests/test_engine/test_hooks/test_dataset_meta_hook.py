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
from mmengine.model import (
    BaseTTAModel,
    ImgDataPreprocessor,
    MMDistributedDataParallel,
)
from mmengine.runner import BaseLoop
from mmpretrain.structures import DataSample

from ipdfer_mm import __version__
from ipdfer_mm.engine import DatasetMetaHook
from ipdfer_mm.registry import MODELS

MEAN = [127.5] * 3


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


def make_classifier(num_classes=4):
    return MODELS.build(
        dict(
            type='ImageClassifier',
            _scope_='mmpretrain',
            backbone=resnet(),
            neck=dict(type='GlobalAveragePooling'),
            head=head(num_classes)))


@pytest.fixture(scope='module')
def model():
    return build_model()


def checkpoint_of(model, classes=CLASSES, **meta) -> dict:
    """What a run with this model saves."""
    checkpoint = dict(
        meta=dict(dataset_meta=dict(classes=classes, **meta)),
        state_dict=model.state_dict())
    DatasetMetaHook().before_save_checkpoint(make_runner(model), checkpoint)
    return checkpoint


# Before training


def test_model_learns_the_classes():
    model = build_model(classes=None)
    assert model.neutral_label is None
    DatasetMetaHook().before_train(make_runner(model))
    assert model.classes == CLASSES
    assert model.neutral_label == CLASSES.index('neutral')


def test_no_batch():
    """As with drop_last, when there are fewer images than a batch has."""
    runner = make_runner(build_model(), [1, 2, 3])
    runner.train_dataloader.clear()
    with pytest.raises(ValueError, match='no batch.* 3 .*batch_size=8'):
        DatasetMetaHook().before_train(runner)


def test_wrapped_model_learns_the_classes():

    class Wrapper(MMDistributedDataParallel):

        def __init__(self, module):
            torch.nn.Module.__init__(self)
            self.module = module

    model = build_model(classes=None)
    DatasetMetaHook().before_train(make_runner(Wrapper(model)))
    assert model.classes == CLASSES


def test_training_set_up_is_checked():
    """Before the first iteration, which does not check it again."""
    model = build_model()
    runner = make_runner(model)
    DatasetMetaHook().before_train(runner)
    model.identity_encoder.has_weights = False
    model.train_step(make_batch(0), runner.optim_wrapper)
    with pytest.raises(RuntimeError, match='random weights'):
        DatasetMetaHook().before_train(make_runner(model))


def test_no_neutral_class():
    classes = ('anger', 'fear', 'happiness', 'sadness')
    with pytest.raises(ValueError) as info:
        DatasetMetaHook().before_train(
            make_runner(build_model(classes=None), make_dataset(classes)))
    assert '"neutral"' in str(info.value)
    assert str(classes) in str(info.value)
    assert 'model.neutral_class' in str(info.value)


def test_no_classes(model):
    with pytest.raises(ValueError, match='SimpleNamespace does not name'):
        DatasetMetaHook().before_train(
            make_runner(model, make_dataset(classes=None)))


@pytest.mark.parametrize('part, change', [
    ('expression_head', dict(expression_head=head(7))),
    ('discriminator.head',
     dict(
         discriminator=dict(
             type='ipdfer_mm.ExpressionDiscriminator',
             backbone=resnet(),
             head=head(7)))),
])
def test_wrong_num_classes(part, change):
    with pytest.raises(ValueError) as info:
        DatasetMetaHook().before_train(make_runner(build_model(**change)))
    assert f'model.{part}.num_classes is 7' in str(info.value)
    assert '4 classes: anger, happiness, neutral, sadness' in str(info.value)


def test_wrong_num_classes_of_a_classifier():
    DatasetMetaHook().before_train(make_runner(make_classifier()))
    with pytest.raises(ValueError, match='model.head.num_classes is 7'):
        DatasetMetaHook().before_train(make_runner(make_classifier(7)))
    # Ten thousand subjects are not all printed.
    subjects = make_dataset([f'subject {i}' for i in range(10000)])
    with pytest.raises(ValueError, match='10000 classes') as info:
        DatasetMetaHook().before_train(
            make_runner(make_classifier(), subjects))
    assert len(str(info.value)) < 500


@pytest.mark.parametrize('wrap', [
    lambda d: d,
    lambda d: SimpleNamespace(metainfo=d.metainfo, dataset=d),
    lambda d: SimpleNamespace(metainfo=d.metainfo, datasets=[d, d]),
])
def test_pose_encoder_without_poses(model, wrap):
    """Also below a ``ClassBalancedDataset`` or a ``ConcatDataset``."""
    DatasetMetaHook().before_train(make_runner(model, wrap(make_dataset())))
    with pytest.raises(ValueError) as info:
        DatasetMetaHook().before_train(
            make_runner(model, wrap(make_dataset(poses=0))))
    assert 'has a head pose' in str(info.value)
    assert 'tools/prepare_dataset.py' in str(info.value)
    assert 'configs/idfer_*.py' in str(info.value)


def test_a_baseline_that_learns_poses_without_poses():
    baseline = make_classifier()
    baseline.head = MODELS.build(dict(
        type='ipdfer_mm.PoseSupervisedHead', num_classes=4, in_channels=64,
        pose_head=head(5)))
    with pytest.raises(ValueError, match='no sample .* has a head pose'):
        DatasetMetaHook().before_train(
            make_runner(baseline, make_dataset(poses=0)))
    DatasetMetaHook().before_train(make_runner(baseline))


def test_no_other_model_needs_poses(model):
    idfer = build_model(
        pose_encoder=None,
        pose_head=None,
        loss_pose=None,
        loss_confusion=None)
    for other in (idfer, make_classifier()):
        DatasetMetaHook().before_train(
            make_runner(other, make_dataset(poses=0)))
    # Other subjects's datasets do not count their poses.
    dataset = SimpleNamespace(metainfo=dict(classes=CLASSES))
    DatasetMetaHook().before_train(make_runner(model, dataset))


# Checkpoints


def test_meta(model):
    meta = checkpoint_of(model)['meta']['ipdfer_mm']
    assert meta == dict(
        version=__version__,
        normalization=dict(mean=MEAN, std=MEAN, to_rgb=True))


def test_reliability_of_the_last_validation(model):
    runner = make_runner(model)
    runner.message_hub.update_info('reliability', dict(by_yaw=[.5]))
    checkpoint = dict(meta={})
    DatasetMetaHook().before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['reliability'] == dict(by_yaw=[.5])
    assert 'reliability' not in checkpoint_of(model)['meta']


def test_no_normalization():
    """None, or one that is not mmpretrain's."""
    for preprocessor in (None, ImgDataPreprocessor(MEAN, MEAN)):
        classifier = make_classifier()
        if preprocessor is not None:
            classifier.data_preprocessor = preprocessor
        checkpoint = checkpoint_of(classifier)
        assert checkpoint['meta']['ipdfer_mm']['normalization'] is None
        DatasetMetaHook().after_load_checkpoint(
            make_runner(classifier, resume=True), checkpoint)


@pytest.mark.parametrize('how', [dict(), dict(resume=True), dict(test=True)])
def test_fitting_checkpoint(model, how, caplog):
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, make_dataset(recipe='abc'), **how),
        checkpoint_of(model, recipe='abc'))
    assert not caplog.records


@pytest.mark.parametrize('how', [dict(), dict(resume=True), dict(test=True)])
def test_other_classes(model, how):
    other = ('anger', 'neutral', 'happiness', 'sadness')
    with pytest.raises(ValueError) as info:
        DatasetMetaHook().after_load_checkpoint(
            make_runner(model, **how), checkpoint_of(model, classes=other))
    for classes in (CLASSES, other):
        assert ', '.join(classes) in str(info.value)
    assert "prefix='expression_encoder.backbone.'" in str(info.value)


@pytest.mark.parametrize('how', [dict(test=True), dict(resume=True)])
def test_another_fold(model, how):
    rule = dict(fold_rule='a quarter')
    checkpoint = checkpoint_of(model, fold=3, **rule)
    for fits in (dict(fold=3, **rule), dict(fold=0, fold_rule='a tenth'), {}):
        DatasetMetaHook().after_load_checkpoint(
            make_runner(model, make_dataset(**fits), **how), checkpoint)
    with pytest.raises(ValueError, match='is one of fold 3, but .*fold 0'):
        DatasetMetaHook().after_load_checkpoint(
            make_runner(model, make_dataset(fold=0, **rule), **how),
            checkpoint)
    # A start from its weights is no test.
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, make_dataset(fold=0, **rule)), checkpoint)


def test_a_recognizer_is_tested_on_other_subjects():
    recognizer = MODELS.build(
        dict(
            type='ipdfer_mm.FaceRecognizer',
            backbone=resnet(),
            neck=dict(type='mmpretrain.GlobalAveragePooling'),
            head=head(4)))
    checkpoint = checkpoint_of(recognizer, classes=('ann', 'bob', 'cy', 'di'))
    hook = DatasetMetaHook()
    hook.after_load_checkpoint(make_runner(recognizer, test=True), checkpoint)
    # Each row of the head is one of the subjects it goes on to learn.
    with pytest.raises(ValueError, match='ann, bob, cy, di'):
        hook.after_load_checkpoint(
            make_runner(recognizer, resume=True), checkpoint)


def test_list_of_classes_is_the_same(model):
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, test=True),
        checkpoint_of(model, classes=list(CLASSES)))


def test_other_recipe(model, caplog):
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, make_dataset(recipe='abc'), test=True),
        checkpoint_of(model, recipe='def'))
    assert 'another recipe (def) than the one in use (abc)' in caplog.text


def test_other_normalization(model, caplog):
    other = build_model(data_preprocessor=dict(to_rgb=False))
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, test=True), checkpoint_of(other))
    assert 'another normalization' in caplog.text
    assert "'to_rgb': False" in caplog.text


def test_other_subjectss_checkpoints(model):
    """Without meta information, or a bare state dict."""
    state = model.state_dict()
    for checkpoint in (dict(state_dict=state), dict(state), dict(
            meta=dict(dataset_meta=None), state_dict=state)):
        DatasetMetaHook().after_load_checkpoint(
            make_runner(model, test=True), checkpoint)


@pytest.mark.parametrize('how', [dict(resume=True), dict(test=True)])
def test_missing_weights(model, how):
    checkpoint = checkpoint_of(model)
    name = 'expression_head.fc.weight'
    checkpoint['state_dict'] = {
        key: value
        for key, value in checkpoint['state_dict'].items() if key != name
    }
    with pytest.raises(ValueError, match='in the config, IPDFERModel') as info:
        DatasetMetaHook().after_load_checkpoint(
            make_runner(model, **how), checkpoint)
    assert f'not in the file: {name}' in str(info.value)


def test_only_training_needs_the_discriminator(model):
    checkpoint = checkpoint_of(model)
    checkpoint['state_dict'] = {
        key: value for key, value in checkpoint['state_dict'].items()
        if not key.startswith('discriminator.')
    }
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, test=True), checkpoint)
    with pytest.raises(ValueError, match='in the config, IPDFERModel'):
        DatasetMetaHook().after_load_checkpoint(
            make_runner(model, resume=True), checkpoint)


def test_weights_of_another_shape(model):
    checkpoint = checkpoint_of(model)
    state = dict(checkpoint['state_dict'])
    state['expression_head.fc.bias'] = torch.zeros(7)
    checkpoint['state_dict'] = state
    with pytest.raises(ValueError, match='fc.bias .file 7, network 4'):
        DatasetMetaHook().after_load_checkpoint(
            make_runner(model, resume=True), checkpoint)


def test_training_may_start_from_a_part(model):
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model), dict(state_dict={}))


def test_wrapped_weights(model):
    """MMEngine takes a leading ``module.`` away."""
    state = {f'module.{key}': v for key, v in model.state_dict().items()}
    DatasetMetaHook().after_load_checkpoint(
        make_runner(model, resume=True), dict(state_dict=state))


def test_test_time_augmentation(model, caplog):

    class TTA(BaseTTAModel):

        def merge_preds(self, data_samples_list) -> list[DataSample]:
            return data_samples_list[0]

    other = build_model(data_preprocessor=dict(to_rgb=False))
    DatasetMetaHook().after_load_checkpoint(
        make_runner(TTA(model), test=True), checkpoint_of(other))
    assert 'another normalization' in caplog.text
