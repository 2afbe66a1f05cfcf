import pytest
import torch
import torch.nn.functional as F

from ipdfer_mm.models.encoders import IResNet

# Every parameter and statistic of arcface_torch's iresnet18 `backbone.pth`:
# "bn" stands for weight, bias, running_mean and running_var.


BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3),
          100: (3, 13, 30, 3)}


def expected_names(depth):
    """Parameters and statistics of arcface_torch's `backbone.pth`."""
    shapes = {'conv1.weight': (64, 3, 3, 3), 'prelu.weight': (64, ),
              'fc.weight': (512, 25088), 'fc.bias': (512, )}
    norms = dict(bn1=64, bn2=512, features=512)
    c_in = 64
    for stage, (c, count) in enumerate(
            zip((64, 128, 256, 512), BLOCKS[depth]), 1):
        for block in range(count):
            at = f'layer{stage}.{block}'
            norms |= {f'{at}.bn1': c_in, f'{at}.bn2': c, f'{at}.bn3': c}
            shapes[f'{at}.prelu.weight'] = (c, )
            shapes[f'{at}.conv1.weight'] = (c, c_in, 3, 3)
            shapes[f'{at}.conv2.weight'] = (c, c, 3, 3)
            if block == 0:
                shapes[f'{at}.downsample.0.weight'] = (c, c_in, 1, 1)
                norms[f'{at}.downsample.1'] = c
            c_in = c
    for name, channels in norms.items():
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            shapes[f'{name}.{part}'] = (channels, )
    return shapes, len(norms)


@pytest.mark.parametrize('depth', BLOCKS)
def test_names_and_shapes_are_those_of_the_public_files(depth):
    with torch.device('meta'):
        state = IResNet(depth).state_dict()
    found = {name: tuple(value.shape) for name, value in state.items()
             if not name.endswith('num_batches_tracked')}
    names, num_norms = expected_names(depth)
    assert found == names
    assert len(state) - len(found) == num_norms  # counters


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


@pytest.mark.parametrize('depth, size, message', [
    (101, 112, r'\[18, 34, 50, 100\], not 101'),
    (18, 0, 'multiple of 16.*0'),
    (18, 100, 'multiple of 16.*100'),
    (18, 32, 'img_size=32 and got.*16x32'),
])
def test_errors_teach(depth, size, message):
    with pytest.raises(ValueError, match=message):
        IResNet(depth, img_size=size)(torch.zeros(1, 3, 16, 32))
