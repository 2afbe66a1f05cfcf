"""Accuracy of deployed classifiers, by the metrics of a config."""

from collections.abc import Callable
from copy import deepcopy
from numbers import Number

import numpy as np
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner
from tqdm import tqdm

from .faces import as_pictures

Classifier = Callable[[np.ndarray], np.ndarray]


def evaluate(cfg: Config,
             classifiers: dict[str, Classifier]) -> dict[str, dict]:
    """Test classifiers on the test set of a config, as ``tools/test.py`` does.

    Args:
        cfg (Config): With ``test_dataloader`` and ``test_evaluator``.
        classifiers (dict[str, Callable]): Each takes pictures, RGB, uint8
            (N, S, S, 3), and gives scores, (N, K).

    Returns:
        dict[str, dict[str, float]]: Metrics by name, for each classifier.
    """
    loader = Runner.build_dataloader(deepcopy(cfg.test_dataloader))
    evaluators = {}
    for name in classifiers:
        evaluators[name] = Evaluator(deepcopy(cfg.test_evaluator))
        evaluators[name].dataset_meta = loader.dataset.metainfo
    for batch in tqdm(loader, desc='Test', disable=None):
        pictures = as_pictures(batch['inputs'])
        for name, classifier in classifiers.items():
            samples = deepcopy(batch['data_samples'])
            scores = torch.from_numpy(classifier(pictures))
            for sample, score in zip(samples, scores):
                sample.set_pred_score(score).set_pred_label(score.argmax())
            evaluators[name].process(samples)
    return {
        name: {
            key: float(value)
            for key, value in evaluator.evaluate(len(loader.dataset)).items()
            if isinstance(value, Number)
        }
        for name, evaluator in evaluators.items()
    }
