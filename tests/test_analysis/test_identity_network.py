import pytest
import torch
from helpers.small_model import SIZE, WIDTH, build_model, head, resnet

from ipdfer_mm.analysis.identity_network import load_identity_network
from ipdfer_mm.analysis.synthesis_report import synthesize
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules


@pytest.fixture
def recognizer(tmp_path):
    """A trained recognizer: model, config and checkpoint."""
    register_all_modules()
    cfg = dict(
        type='ipdfer_mm.FaceRecognizer',
        data_preprocessor=dict(mean=(100, ) * 3, std=(50, ) * 3, to_rgb=True),
        backbone=resnet(),
        neck=dict(type='mmpretrain.GlobalAveragePooling'),
        head=head(9))
    model = MODELS.build(cfg).eval()
    config, checkpoint = tmp_path / 'config.py', tmp_path / 'model.pth'
    config.write_text(f'model = {cfg!r}\n')
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    return model, config, checkpoint


def test_a_recognizer_embeds_as_it_was_trained(recognizer):
    model, config, checkpoint = recognizer
    network = load_identity_network(str(config), str(checkpoint))
    assert not network.training
    pixels = torch.randint(0, 256, (2, 3, SIZE, SIZE))  # BGR
    expected = model.extract_feat(
        model.data_preprocessor(dict(inputs=pixels))['inputs'],
        stage='pre_logits')
    images = pixels.flip(1) / 127.5 - 1
    torch.testing.assert_close(network(images), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('prepare', [
    dict(mean=[100] * 3, std=[50] * 3, to_rgb=True), dict()])
def test_a_config_as_mmpretrain_writes_it(recognizer, prepare):
    """Without scopes, and with the normalization beside the model."""
    model, config, checkpoint = recognizer
    cfg = dict(type='ImageClassifier', backbone={**resnet(), 'type': 'ResNet'},
               neck=dict(type='GlobalAveragePooling'), head=head(9))
    config.write_text("default_scope = 'mmpretrain'\n"
                      f'data_preprocessor = {prepare!r}\nmodel = {cfg!r}\n')
    network = load_identity_network(str(config), str(checkpoint))
    pixels = torch.randint(0, 256, (2, 3, SIZE, SIZE)).float()  # BGR
    inputs = (pixels.flip(1) - 100) / 50 if prepare else pixels
    expected = model.extract_feat(inputs, stage='pre_logits')
    torch.testing.assert_close(
        network(pixels.flip(1) / 127.5 - 1), expected, rtol=1e-4, atol=1e-4)


def test_the_identity_encoder_of_a_model(recognizer, tmp_path):
    _, _, checkpoint = recognizer
    config = tmp_path / 'ipdfer.py'
    encoder = dict(type='ipdfer_mm.IdentityEncoder', backbone=resnet(),
                   channel_order='bgr',
                   init_cfg=dict(type='Pretrained', checkpoint='absent.pth'))
    config.write_text(f'model = dict(identity_encoder={encoder!r}, '
                      'decoder=dict(img_size=64))\n')
    network = load_identity_network(str(config), str(checkpoint))
    assert network.channel_order == 'bgr'
    assert network.has_weights
    assert network.input_size == 64
    assert network(torch.zeros(1, 3, SIZE, SIZE)).shape == (1, WIDTH)


def test_synthesized_faces_are_embedded_by_the_network_that_is_given(
        recognizer):
    network = load_identity_network(*map(str, recognizer[1:]))
    model = build_model().eval()
    images = torch.rand(2, 3, SIZE, SIZE) * 2 - 1
    own, other = synthesize(model, images), synthesize(model, images, network)
    with torch.no_grad():
        for name in ('input', 'identity', 'neutral', 'reconstruction'):
            torch.testing.assert_close(own[name], other[name])
            torch.testing.assert_close(
                own[f'{name}_feat'], model.identity_encoder(own[name]))
            torch.testing.assert_close(
                other[f'{name}_feat'], network(own[name]))
    assert not torch.allclose(own['input_feat'], other['input_feat'])


@pytest.mark.parametrize('old, new, message', [
    ('GlobalAveragePooling', 'LinearNeck', 'ends in mmpretrain.LinearNeck'),
    ('model = ', 'other = ', 'neither model.identity_encoder'),
    ("'depth': 18", "'depth': 34", 'does not fit')])
def test_what_is_no_identity_network(recognizer, old, new, message):
    _, config, checkpoint = recognizer
    config.write_text(config.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        load_identity_network(str(config), str(checkpoint))


def test_missing_weights(recognizer):
    with pytest.raises(FileNotFoundError, match='absent.pth'):
        load_identity_network(str(recognizer[1]), 'absent.pth')
