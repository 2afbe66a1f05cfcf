"""Drawing samples so that classes come as often as they shall."""

from collections.abc import Iterator, Mapping

import torch
from mmengine.dataset import DefaultSampler
from mmpretrain.datasets import BaseDataset

from ipdfer_mm.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class WeightedClassSampler(DefaultSampler):
    """Draw samples with replacement, classes by their weights.

    Each draw first chooses a class with a probability in proportion to its
    weight, then one of its samples. An epoch has as many draws as the
    dataset has samples. As with MMEngine's ``DefaultSampler``, the draws
    depend on the seed and the epoch alone, distributed processes share them
    out, and a resumed run repeats them.

    To repeat rare classes only mildly, and leave out no sample, use MMEngine's
    dataset ``ClassBalancedDataset`` instead.

    Args:
        dataset (BaseDataset): A dataset of the training, also one of
            MMEngine's around others.
        class_weights (Mapping[str, float], optional): Weights of classes by
            name; the weight of the others is 1. Defaults to None: balanced,
            all classes come equally often.
        seed (int, optional): Seed of the draws, the same in all processes.
            Defaults to None, a random one.

    Raises:
        ValueError: If a weight is not positive or its class has no sample.

    Examples:
        >>> train_dataloader = dict(  # in a config, beside dataset=...
        ...     sampler=dict(
        ...         _delete_=True,
        ...         type='ipdfer_mm.WeightedClassSampler',
        ...         class_weights=dict(fear=2, disgust=2)))
    """

    def __init__(self,
                 dataset: BaseDataset,
                 class_weights: Mapping[str, float] | None = None,
                 seed: int | None = None) -> None:
        super().__init__(dataset, shuffle=True, seed=seed)
        labels = torch.tensor(
            [dataset.get_data_info(i)['gt_label']
             for i in range(len(dataset))])
        names = dataset.metainfo['classes']
        counts = torch.bincount(labels, minlength=len(names)).double()
        weights = torch.ones_like(counts)
        for name, weight in (class_weights or {}).items():
            if name not in names or not counts[names.index(name)]:
                raise ValueError(f'class_weights: there is no sample of the '
                                 f'class {name!r} among {names}.')
            if not 0 < weight < float('inf'):
                raise ValueError(f'class_weights: {weight!r} of {name} must '
                                 'be a positive number.')
            weights[names.index(name)] = weight
        self._probabilities = (weights / counts)[labels]

    def __iter__(self) -> Iterator[int]:
        """Draw this process's samples of an epoch.

        Yields:
            int: Positions in the dataset.
        """
        generator = torch.Generator()
        generator.manual_seed(self.seed + self.epoch)
        draws = torch.multinomial(
            self._probabilities,
            self.total_size,
            replacement=True,
            generator=generator)
        yield from draws[self.rank::self.world_size].tolist()
