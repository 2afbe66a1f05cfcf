from pathlib import Path

import pytest
import torch
from helpers.small_model import CLASSES, build_model, head, model_cfg, resnet
from mmengine.config import Config
from mmengine.registry import DefaultScope

from ipdfer_mm.apis import get_model, list_models
from ipdfer_mm.apis.loading import load_trained_model
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import installation, register_all_modules
from ipdfer_mm.utils.weight_files import save_weights


def save(path, **meta):
    """Weights of the small model and the notes on its dataset."""
    torch.save(dict(state_dict=build_model().state_dict(), meta=dict(
        dataset_meta=dict(classes=CLASSES, **meta))), path)
    return path


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'small.py'
    path.write_text(f'model = {model_cfg()!r}\n')
    return path


@pytest.fixture
def checkpoint(tmp_path):
    return save(tmp_path / 'small.pth')


def test_names_of_packaged_weights():
    known = list_models()
    assert known['ipdfer_rendered'].weights == 'ipdfer_mm://ipdfer_rendered'
    assert known['ipdfer_rendered'].config.is_file()
    assert 'face_resnet18' not in known  # no config of that name


def test_names_of_a_model_index(tmp_path, monkeypatch):
    """That of an installed package comes before that of a checkout."""
    installed = tmp_path / 'ipdfer_mm/.mim'
    (installed / 'configs').mkdir(parents=True)
    for name in ('one', 'two'):
        (installed / f'configs/{name}.py').touch()
    (installed / 'configs/metafile.yml').write_text('''
Collections:
  - Name: IPD-FER
Models:
  - Name: first
    In Collection: IPD-FER
    Config: configs/one.py
    Weights: https://example.org/one.pth
  - Name: without-weights
    In Collection: IPD-FER
    Config: configs/two.py
''')
    (installed / 'model-index.yml').write_text(
        'Import:\n  - configs/metafile.yml\n')
    monkeypatch.setattr(installation, 'ROOTS',
                        (installed, *installation.ROOTS))
    assert list_models() == {
        'first': (installed / 'configs/one.py', 'https://example.org/one.pth')}
    monkeypatch.setattr(installation, 'ROOTS', (tmp_path, ))
    assert list_models() == {}
    with pytest.raises(ValueError, match='configs are not installed'):
        get_model('first')


def test_config_and_checkpoint(config, checkpoint):
    expected = build_model().eval()
    inputs = torch.rand(2, 3, 32, 32)
    for cfg in (config, str(config), Config.fromfile(config)):
        loaded = get_model(cfg, checkpoint, 'cpu')
        assert not loaded.training
        assert loaded._dataset_meta['classes'] == CLASSES
        assert torch.equal(loaded(inputs), expected(inputs))
    named = Config.fromfile(config)
    named.load_from = str(checkpoint)
    assert torch.equal(get_model(named)(inputs).cpu(), expected(inputs))


def test_the_discriminator_may_be_missing(config, tmp_path):
    state = {key: value for key, value in build_model().state_dict().items()
             if not key.startswith('discriminator.')}
    path = tmp_path / 'small.safetensors'
    save_weights(path, state, dict(dataset_meta=dict(classes=CLASSES)))
    model = get_model(config, path, device='cpu')
    assert model.discriminator is None
    assert model._dataset_meta['classes'] == CLASSES
    assert model.state_dict().keys() == state.keys()
    images = torch.zeros(1, 3, 32, 32)
    assert set(model.synthesize(images)) == {
        'identity', 'neutral', 'reconstruction'}


def test_pickled_objects_need_trust(config, checkpoint):
    content = torch.load(checkpoint)
    content['meta']['object'] = Path('a')
    torch.save(content, checkpoint)
    with pytest.raises(RuntimeError, match='trust-checkpoint'):
        get_model(config, checkpoint)
    assert get_model(config, checkpoint, trust_checkpoint=True)


@pytest.mark.parametrize('name, pretrained, error, message', [
    ('ipdfer_renderd', True, ValueError, 'there are .*ipdfer_rendered'),
    ('nowhere.py', 'a.pth', FileNotFoundError, r'nowhere\.py does not'),
    (None, True, ValueError, 'name its checkpoint'),
    (None, 'nowhere.pth', FileNotFoundError, r'nowhere\.pth does not'),
    (None, 'ipdfer_mm://ipdfer_rendered', ValueError, 'IPDFERModel'),
])
def test_bad_input(config, name, pretrained, error, message):
    with pytest.raises(error, match=message):
        get_model(name or config, pretrained)


@pytest.mark.parametrize('size', [1000, 2])
def test_damaged_checkpoint(config, checkpoint, size):
    checkpoint.write_bytes(checkpoint.read_bytes()[:size])
    with pytest.raises(RuntimeError, match='cannot be read'):
        get_model(config, checkpoint)


def test_another_fold_is_refused(tmp_path):
    path = save(tmp_path / 'model.pth', fold=3, fold_rule='a quarter')
    cfg = Config(dict(model=model_cfg()))
    ours = dict(classes=CLASSES, fold_rule='a quarter')
    assert not load_trained_model(cfg, str(path), dict(ours, fold=3)).training
    assert load_trained_model(cfg, str(path), dict(classes=CLASSES))
    with pytest.raises(ValueError, match='model.pth is one of fold 3'):
        load_trained_model(cfg, str(path), dict(ours, fold=1))
    with pytest.raises(ValueError, match='model.pth was trained on the c'):
        load_trained_model(cfg, str(path), dict(classes=CLASSES[::-1]))


def test_the_scope_is_that_of_the_config(tmp_path):
    """A classifier may be one of mmpretrain, whose names have no scope.

    Its normalization may stand beside the model; mmpretrain's Runner merges
    it.
    """
    register_all_modules()
    cfg = Config(
        dict(default_scope='mmpretrain',
             data_preprocessor=dict(mean=[1., 2., 3.], std=[4., 5., 6.],
                                    to_rgb=True),
             model=dict(type='ImageClassifier',
                        backbone={**resnet(), 'type': 'ResNet'},
                        neck=dict(type='GlobalAveragePooling'),
                        head={**head(4), '_scope_': 'mmpretrain'})))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.copy().model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    for load in (load_trained_model, get_model):
        with DefaultScope.overwrite_default_scope('ipdfer_mm'):
            loaded = load(cfg, str(tmp_path / 'model.pth')).data_preprocessor
        assert loaded.to_rgb
        assert loaded.mean.flatten().tolist() == [1, 2, 3]
        assert loaded.std.flatten().tolist() == [4, 5, 6]


def test_weights_of_another_model_are_refused(tmp_path, checkpoint):
    """One with a pose encoder, by a config without."""
    cfg = Config(dict(model=model_cfg(
        pose_encoder=None, pose_head=None, loss_pose=None, loss_cos=None,
        loss_confusion=None)))
    for load in (load_trained_model, get_model):
        with pytest.raises(ValueError, match='not in the network: .*pose_enc'):
            load(cfg, str(checkpoint))
