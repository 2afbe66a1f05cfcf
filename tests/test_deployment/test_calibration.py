"""Temperature of a classifier's scores."""

import numpy as np
import pytest
import torch
from mmpretrain.models import LinearClsHead

from ipdfer_mm.deployment.calibration import (
    fit_temperature,
    prior_shift,
    rescale_logits,
    rescale_scores,
)


def draw_labels(logits, generator):
    """Labels that come up as often as the softmax of the logits says."""
    return torch.multinomial(
        logits.softmax(1), 1, generator=generator).flatten().numpy()


@pytest.mark.parametrize('temperature', [0.5, 1, 3])
def test_finds_the_temperature_that_labels_were_drawn_with(temperature):
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20000, 5, generator=generator)
    labels = draw_labels(logits, generator)
    scores = (logits * temperature).softmax(1).numpy()
    assert fit_temperature(scores, labels) == pytest.approx(
        temperature, rel=0.05)


def test_scores_of_zero_are_allowed():
    scores = np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4)
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    # Three of four are right: the odds are 3.
    with pytest.raises(ValueError, match='20'):
        fit_temperature(scores, labels)
    scores = np.clip(scores, 1e-6, 1 - 1e-6)
    expected = np.log((1 - 1e-6) / 1e-6) / np.log(3)
    assert fit_temperature(scores, labels) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize('labels', [[0, 1], []])
def test_refuses_what_says_nothing(labels):
    scores = np.eye(2)[:len(labels)] * 0.8 + 0.1
    with pytest.raises(ValueError, match='images'):
        fit_temperature(scores, np.array(labels, dtype=int))


def test_balances_what_is_seen_at_other_shares():
    # Of two classes with shares of 9 to 1 an image that is equally likely
    # under both has odds of 9; balanced, of 1; by half, of 3.
    labels = np.repeat([0, 1], [90, 10])
    scores = np.array([[0.9, 0.1]])
    for strength, odds in ((0, 9), (0.5, 3), (1, 1)):
        first, second = rescale_scores(
            scores, shift=prior_shift(labels, 2, strength))[0]
        assert first / second == pytest.approx(odds)
        assert first + second == pytest.approx(1)
    assert prior_shift(labels, 2, 0.7).sum() == pytest.approx(0)
    with pytest.raises(ValueError, match='of 1 of 3 classes'):
        prior_shift(labels, 3, 1)


@pytest.mark.parametrize('name', ['expression_head', 'head'])
def test_rescales_the_logits(name):
    head = LinearClsHead(num_classes=3, in_channels=4,
                         loss=dict(type='mmpretrain.CrossEntropyLoss'))
    state = {f'{name}.{key}': value
             for key, value in head.state_dict().items()}
    state['backbone.weight'] = torch.ones(1)
    shift = np.array([1., -2., 0.5])
    new = rescale_logits(state, 2.5, shift)
    assert new.keys() == state.keys()
    assert new['backbone.weight'] is state['backbone.weight']
    feat = torch.randn(6, 4)
    logits = head((feat, ))
    expected = (logits + torch.from_numpy(shift).float()) / 2.5
    head.load_state_dict({key.removeprefix(f'{name}.'): value
                          for key, value in new.items()
                          if key.startswith(name)})
    torch.testing.assert_close(head((feat, )), expected)
    torch.testing.assert_close(
        torch.from_numpy(rescale_scores(
            logits.softmax(1).detach().numpy(), 2.5, shift)).float(),
        expected.softmax(1))


def test_names_what_is_missing():
    with pytest.raises(ValueError, match='head.fc'):
        rescale_logits(dict(weight=torch.ones(1)), 2)
