import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

from ipdfer_mm.models.encoders import IResNet

# Every parameter and statistic of arcface_torch's iresnet18 `backbone.pth`:
# "bn" stands for weight, bias, running_mean and running_var.
NAMES_18 = """
conv1.weight 64 3 3 3
bn bn1 64
prelu.weight 64
bn layer1.0.bn1 64
layer1.0.conv1.weight 64 64 3 3
bn layer1.0.bn2 64
layer1.0.prelu.weight 64
layer1.0.conv2.weight 64 64 3 3
bn layer1.0.bn3 64
layer1.0.downsample.0.weight 64 64 1 1
bn layer1.0.downsample.1 64
bn layer1.1.bn1 64
layer1.1.conv1.weight 64 64 3 3
bn layer1.1.bn2 64
layer1.1.prelu.weight 64
layer1.1.conv2.weight 64 64 3 3
bn layer1.1.bn3 64
bn layer2.0.bn1 64
layer2.0.conv1.weight 128 64 3 3
bn layer2.0.bn2 128
layer2.0.prelu.weight 128
layer2.0.conv2.weight 128 128 3 3
bn layer2.0.bn3 128
layer2.0.downsample.0.weight 128 64 1 1
bn layer2.0.downsample.1 128
bn layer2.1.bn1 128
layer2.1.conv1.weight 128 128 3 3
bn layer2.1.bn2 128
layer2.1.prelu.weight 128
layer2.1.conv2.weight 128 128 3 3
bn layer2.1.bn3 128
bn layer3.0.bn1 128
layer3.0.conv1.weight 256 128 3 3
bn layer3.0.bn2 256
layer3.0.prelu.weight 256
layer3.0.conv2.weight 256 256 3 3
bn layer3.0.bn3 256
layer3.0.downsample.0.weight 256 128 1 1
bn layer3.0.downsample.1 256
bn layer3.1.bn1 256
layer3.1.conv1.weight 256 256 3 3
bn layer3.1.bn2 256
layer3.1.prelu.weight 256
layer3.1.conv2.weight 256 256 3 3
bn layer3.1.bn3 256
bn layer4.0.bn1 256
layer4.0.conv1.weight 512 256 3 3
bn layer4.0.bn2 512
layer4.0.prelu.weight 512
layer4.0.conv2.weight 512 512 3 3
bn layer4.0.bn3 512
layer4.0.downsample.0.weight 512 256 1 1
bn layer4.0.downsample.1 512
bn layer4.1.bn1 512
layer4.1.conv1.weight 512 512 3 3
bn layer4.1.bn2 512
layer4.1.prelu.weight 512
layer4.1.conv2.weight 512 512 3 3
bn layer4.1.bn3 512
bn bn2 512
fc.weight 512 25088
fc.bias 512
bn features 512
"""


def expected_names():
    names = {}
    for line in NAMES_18.split('\n')[1:-1]:
        first, *rest = line.split()
        if first == 'bn':
            shape = (int(rest[1]), )
            for part in ('weight', 'bias', 'running_mean', 'running_var'):
                names[f'{rest[0]}.{part}'] = shape
        else:
            names[first] = tuple(map(int, rest))
    return names


def test_names_and_shapes_are_those_of_the_public_files():
    state = IResNet(18).state_dict()
    found = {
        name: tuple(value.shape)
        for name, value in state.items()
        if not name.endswith('num_batches_tracked')
    }
    assert found == expected_names()
    assert len(state) - len(found) == 31  # one counter for each batch norm


@pytest.mark.parametrize('depth, blocks', [
    (18, (2, 2, 2, 2)),
    (34, (3, 4, 6, 3)),
    (50, (3, 4, 14, 3)),
    (100, (3, 13, 30, 3)),
])
def test_number_of_parameters(depth, blocks):
    def block(c_in, c):  # 3 norms, 2 convolutions, PReLU
        return 2 * c_in + 9 * c_in * c + 2 * c + c + 9 * c * c + 2 * c

    expected = 27 * 64 + 2 * 64 + 64
    c_in = 64
    for c, n in zip((64, 128, 256, 512), blocks):
        expected += block(c_in, c) + c_in * c + 2 * c  # and the projection
        expected += (n - 1) * block(c, c)
        c_in = c
    expected += 2 * 512 + 49 * 512 * 512 + 512 + 2 * 512
    with torch.device('meta'):
        model = IResNet(depth)
    found = sum(parameter.numel() for parameter in model.parameters())
    assert found == expected


def randomize(model):
    """Give norms and PReLUs values with which mistakes show."""
    for name, value in model.state_dict().items():
        if name.endswith('running_mean') or name.endswith('bias'):
            value.normal_(0, 0.1)
        elif value.dim() == 1 and not name.startswith('features'):
            value.uniform_(0.5, 1.5)


def reference(state, x):
    """The network as the paper describes it, from a state dict alone."""

    def norm(x, name):
        return F.batch_norm(x, state[f'{name}.running_mean'],
                            state[f'{name}.running_var'],
                            state[f'{name}.weight'], state[f'{name}.bias'])

    def block(x, name, stride):
        y = norm(x, f'{name}.bn1')
        y = F.conv2d(y, state[f'{name}.conv1.weight'], padding=1)
        y = F.prelu(norm(y, f'{name}.bn2'), state[f'{name}.prelu.weight'])
        y = F.conv2d(y, state[f'{name}.conv2.weight'], None, stride, padding=1)
        y = norm(y, f'{name}.bn3')
        if stride == 2:
            x = F.conv2d(x, state[f'{name}.downsample.0.weight'], None, 2)
            x = norm(x, f'{name}.downsample.1')
        return x + y

    x = norm(F.conv2d(x, state['conv1.weight'], padding=1), 'bn1')
    x = F.prelu(x, state['prelu.weight'])
    for i in (1, 2, 3, 4):
        x = block(x, f'layer{i}.0', 2)
        x = block(x, f'layer{i}.1', 1)
    x = norm(x, 'bn2').flatten(1)
    return norm(x @ state['fc.weight'].T + state['fc.bias'], 'features')


def test_forward_equals_a_literal_transcription():
    torch.manual_seed(0)
    model = IResNet(18, out_channels=24, img_size=32).eval()
    randomize(model)
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        out = model(x)
        expected = reference(model.state_dict(), x)
    assert isinstance(out, tuple) and out[-1].shape == (2, 24)
    torch.testing.assert_close(out[-1], expected, rtol=1e-4, atol=1e-4)


def test_the_scale_of_the_features_stays_one():
    model = IResNet(18, out_channels=8, img_size=16)
    assert not model.features.weight.requires_grad
    parameters = [p for p in model.parameters() if p.requires_grad]
    assert len(parameters) == len(list(model.parameters())) - 1
    model(torch.rand(4, 3, 16, 16))[-1].square().sum().backward()
    assert all(p.grad is not None for p in parameters)
    assert model.features.weight.grad is None
    assert (model.features.weight == 1).all()


@pytest.mark.parametrize('dropout', [0., 0.5])
def test_dropout_is_before_the_last_layer(dropout):
    model = IResNet(18, out_channels=8, img_size=32, dropout=dropout)
    shares = []
    model.fc.register_forward_pre_hook(
        lambda _, args: shares.append((args[0] == 0).float().mean().item()))
    model(torch.rand(4, 3, 32, 32))
    model.eval()(torch.rand(4, 3, 32, 32))
    assert shares == [pytest.approx(dropout, abs=0.05), 0]


def test_errors_teach():
    with pytest.raises(ValueError, match=r'\[18, 34, 50, 100\], not 101'):
        IResNet(101)
    for img_size in (0, 100):
        with pytest.raises(ValueError, match='multiple of 16.*' +
                           str(img_size)):
            IResNet(18, img_size=img_size)
    with pytest.raises(ValueError, match='img_size=32 and got.*16x32'):
        IResNet(18, img_size=32)(torch.zeros(1, 3, 16, 32))


def test_registry():
    model = MODELS.build(
        dict(type='ipdfer_mm.IResNet', depth=18, img_size=16))
    assert isinstance(model, IResNet)
