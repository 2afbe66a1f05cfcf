"""How the keys of a file fit those of a network."""

from dataclasses import dataclass

import torch.nn as nn
from torch import Tensor

from ipdfer_mm.utils.messages import shorten

MIN_SHARE = 0.9
# A face-recognition file may hold the classifier it was trained with.
CLASSIFIER_RESTS = ('logits.', 'head.', 'fc.')


@dataclass
class KeyMatch:
    """How the keys of a file fit those of a network.

    Batch norm's ``num_batches_tracked`` counts nowhere: it does not change
    what a network computes, and not all files hold it.

    Attributes:
        total (int): Number of keys of the network.
        matched (list[str]): Keys with the same name and shape in both.
        missing (list[str]): Keys of the network that the file lacks.
        misshaped (dict[str, str]): Keys with another shape; 'file 3x4,
            network 3x5'.
        unexpected (list[str]): Keys of the file that the network lacks,
            except those of a classifier.
    """

    total: int
    matched: list[str]
    missing: list[str]
    misshaped: dict[str, str]
    unexpected: list[str]

    @property
    def problem(self) -> str | None:
        """Why the file does not belong to the network; None if it does."""
        if len(self.matched) < MIN_SHARE * self.total or not self.matched:
            return (f'only {len(self.matched)} of {self.total} keys of the '
                    f'network are in the file with the same shape, at least '
                    f'{MIN_SHARE:.0%} have to be')
        # All keys of a ResNet-18 are in the file of a ResNet-34 as well.
        known = len(self.matched) + len(self.misshaped)
        used = known / (known + len(self.unexpected))
        if used < MIN_SHARE:
            return (f'the file is of a larger network: {len(self.unexpected)} '
                    f'of its keys have no place in this one')
        # A frozen encoder would keep a random neck.
        neck = [key for key in self.matched + self.missing
                if key.startswith('neck.')]
        if neck and not set(neck) & set(self.matched):
            return ('the file has no neck, and the network has one: leave it '
                    'out (neck=None), or give a file with it')
        if any(key.startswith('neck.') for key in self.misshaped):
            return "the neck of the file has other widths than the network's"
        return None

    def __str__(self) -> str:
        lines = [f'{len(self.matched)} of {self.total} keys match']
        shapes = [f'{key} ({text})' for key, text in self.misshaped.items()]
        for title, keys in (('not in the file', self.missing),
                            ('other shape', shapes), ('not in the network',
                                                      self.unexpected)):
            if keys:
                lines.append(f'{title}: {shorten(keys)}')
        return '\n  '.join(lines)


def match_keys(module: nn.Module, state: dict[str, Tensor]) -> KeyMatch:
    """Compare a state dict with what a network needs.

    Args:
        module (nn.Module): The network.
        state (dict[str, Tensor]): A state dict with the network's names.

    Returns:
        KeyMatch: What fits and what does not.
    """
    given = _shapes(apply_load_hooks(module, state))
    needed = _shapes(module.state_dict())
    both = [key for key in needed if key in given]
    return KeyMatch(
        total=len(needed),
        matched=[key for key in both if given[key] == needed[key]],
        missing=[key for key in needed if key not in given],
        misshaped={key: f'file {given[key]}, network {needed[key]}'
                   for key in both if given[key] != needed[key]},
        unexpected=[key for key in given if key not in needed
                    and not key.startswith(CLASSIFIER_RESTS)])


def apply_load_hooks(module: nn.Module,
                     state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Change a copy of a state dict as a network does while it loads it.

    mmpretrain's transformers resize position embeddings in such hooks.
    """
    state = dict(state)
    for name, child in module.named_modules():
        hooks = child._load_state_dict_pre_hooks.values()
        if hooks:
            prefix = f'{name}.' if name else ''
            keys = [key for key in state if key.startswith(prefix)]
            below = {key: state.pop(key) for key in keys}
            for hook in hooks:
                hook(below, prefix, {}, True, [], [], [])
            state.update(below)
    return state


def _shapes(state: dict[str, Tensor]) -> dict[str, str]:
    """Shapes as text, such as '3x4', of what a network computes with."""
    return {key: 'x'.join(map(str, value.shape)) or 'scalar'
            for key, value in state.items()
            if not key.endswith('num_batches_tracked')}
