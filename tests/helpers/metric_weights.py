"""Files of random weights for LPIPS and FID, in the layout of the real ones.
"""

from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from torch import nn
from torchvision.models import alexnet


def save_alexnet(path: Path) -> dict:
    """Write an AlexNet of torchvision, of its classifier the bias alone."""
    torch.manual_seed(0)
    with torch.device('meta'):  # 0.2 GB of classifier
        names = set(alexnet().state_dict())
    state = {f'features.{key}': value
             for key, value in alexnet_features().state_dict().items()}
    state['classifier.6.bias'] = torch.zeros(1000)
    assert set(state) <= names
    torch.save(state, path)
    return state


def alexnet_features() -> nn.Sequential:
    """The convolutions of torchvision's AlexNet, random."""
    with patch('torch.nn.Linear', lambda *args: nn.Identity()):
        return alexnet().features


def save_inception(path: Path) -> Path:
    """Write an Inception of torch-fidelity."""
    fidelity = pytest.importorskip(
        'torch_fidelity', reason='pip install torch-fidelity')
    torch.manual_seed(0)
    torch.save({}, path)
    extractor = fidelity.FeatureExtractorInceptionV3
    with patch.object(extractor, 'load_state_dict'):
        network = extractor('random', ['2048'], str(path))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):  # else the features fade away
            nn.init.kaiming_normal_(module.weight)
    torch.save(network.state_dict(), path)
    return path
