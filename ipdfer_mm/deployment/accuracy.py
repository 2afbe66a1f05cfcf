"""Accuracy of deployed classifiers, by the metrics of a config."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from numbers import Number

import numpy as np
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner
from tqdm import tqdm

from .faces import as_images

Classifier = Callable[[np.ndarray], np.ndarray]


def evaluate(cfg: Config, classifiers: dict[str, Classifier],
             classes: Sequence[str] | None = None) -> dict[str, dict]:
    """Test classifiers on the test set of a config, as ``tools/test.py`` does.

    Args:
        cfg (Config): With ``test_dataloader`` and ``test_evaluator``.
        classifiers (dict[str, Callable]): Each takes images, RGB, uint8
            (N, S, S, 3), and gives scores, (N, K).
        classes (Sequence[str], optional): Names of the scores. Defaults to
            None, those of the test set.

    Returns:
        dict[str, dict[str, float]]: Metrics by name, for each classifier.

    Raises:
        ValueError: If the test set has other classes.
    """
    loader = Runner.build_dataloader(deepcopy(cfg.test_dataloader))
    theirs = loader.dataset.metainfo['classes']
    if classes is not None and tuple(classes) != tuple(theirs):
        raise ValueError(f'The classifier gives scores of {tuple(classes)}, '
                         f'but the test set has {tuple(theirs)}.')
    evaluators = {}
    for name in classifiers:
        evaluators[name] = Evaluator(deepcopy(cfg.test_evaluator))
        evaluators[name].dataset_meta = loader.dataset.metainfo
    for batch in tqdm(loader, desc='Test', disable=None):
        images = as_images(batch['inputs'])
        for name, classifier in classifiers.items():
            samples = deepcopy(batch['data_samples'])
            scores = torch.from_numpy(classifier(images))
            for sample, score in zip(samples, scores):
                sample.set_pred_score(score).set_pred_label(score.argmax())
            evaluators[name].process(samples)
    metrics = {name: evaluator.evaluate(len(loader.dataset))
               for name, evaluator in evaluators.items()}
    return {name: {key: float(value) for key, value in found.items()
                   if isinstance(value, Number)}
            for name, found in metrics.items()}
