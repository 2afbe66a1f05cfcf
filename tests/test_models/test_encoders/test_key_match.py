import pytest
import torch
import torch.nn as nn

from ipdfer_mm.models.encoders.key_match import match_keys


class Layers(nn.ModuleDict):
    """``count`` linear layers without bias: as many keys."""

    def __init__(self, count):
        super().__init__(
            {f'l{i}': nn.Linear(2, 3, bias=False) for i in range(count)})


def test_counts():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    state = module.state_dict()
    match = match_keys(module, state)
    assert match.total == 6  # without the counter
    assert match.matched == ['0.weight', '0.bias', '1.weight', '1.bias',
                             '1.running_mean', '1.running_var']
    del state['1.num_batches_tracked'], state['1.bias']
    state |= {'0.weight': torch.zeros(4, 1, 1, 1), '0.bias': torch.tensor(1.),
              '2.weight': torch.zeros(1),
              '2.num_batches_tracked': torch.zeros(1)}
    match = match_keys(module, state)
    assert match.matched == ['1.weight', '1.running_mean', '1.running_var']
    assert match.missing == ['1.bias'] and match.unexpected == ['2.weight']
    assert match.misshaped == {
        '0.weight': 'file 4x1x1x1, network 4x3x1x1',
        '0.bias': 'file scalar, network 4'}


def test_buffers_that_are_not_saved_do_not_count():
    module = Layers(1)
    module.register_buffer('mean', torch.zeros(3), persistent=False)
    assert match_keys(module, Layers(1).state_dict()).problem is None


def test_classifiers_of_a_file_are_expected():
    rests = ('fc.weight', 'logits.weight', 'head.fc.bias')
    state = {**Layers(2).state_dict(), **dict.fromkeys(rests, torch.ones(1))}
    match = match_keys(Layers(2), state)
    assert match.unexpected == [] and match.problem is None
    # One that the network has, counts.
    module = nn.ModuleDict(dict(fc=nn.Linear(2, 2)))
    assert match_keys(module, {}).missing == ['fc.weight', 'fc.bias']


@pytest.mark.parametrize('given, problem', [
    (10, None),
    (9, None),
    (8, 'only 8 of 10 keys of the network'),
    (0, 'only 0 of 10'),
    (11, None),
    (12, 'larger network: 2 of its keys'),
])
def test_ninety_percent(given, problem):
    """Of the network's keys in the file, and of the file's used."""
    found = match_keys(Layers(10), Layers(given).state_dict()).problem
    assert found is None if problem is None else problem in found


def test_a_network_without_keys_matches_nothing():
    assert 'only 0 of 0' in match_keys(nn.ReLU(), {}).problem


def test_text_lists_at_most_ten_names():
    lines = str(match_keys(Layers(13), Layers(2).state_dict())).splitlines()
    assert lines[0] == '2 of 13 keys match'
    assert lines[1].startswith('  not in the file: l2.weight, l3.weight, ')
    assert lines[1].endswith('l11.weight and 1 more')
    assert len(lines) == 2
    lines = str(match_keys(Layers(12), Layers(2).state_dict())).splitlines()
    assert lines[1].endswith('l11.weight')
