"""One page that compares classifiers and shows synthesized faces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ipdfer_mm.geometry.yaw_bins import POSE_EDGES
from ipdfer_mm.metrics.pose_accuracy import YAW_NAMES, wilson_interval

from .heatmap import draw_heatmap


@dataclass
class TestResult:
    """What a test run says of a classifier.

    Attributes:
        name (str): Name of the model.
        accuracy (float): Over all images, per cent.
        accuracy_by_yaw (Sequence[float]): In each class of
            :func:`ipdfer_mm.geometry.yaw_bin`, per cent.
        confusion (np.ndarray): Number of images by true and predicted
            class, (K, K).
    """

    name: str
    accuracy: float
    accuracy_by_yaw: Sequence[float]
    confusion: np.ndarray

    __test__ = False  # no test class of pytest

    def __str__(self) -> str:
        low, high = wilson_interval(
            int(np.trace(self.confusion)), int(self.confusion.sum()))
        return f'{self.name}: {self.accuracy:.1f} % ({low:.1f} to {high:.1f})'

    @classmethod
    def from_metrics(cls, name: str, metrics: dict) -> 'TestResult':
        """Read the metrics of a test run.

        Args:
            name (str): Name of the model.
            metrics (dict): Those of ``mmpretrain.Accuracy``,
                ``PoseAccuracy`` and ``mmpretrain.ConfusionMatrix``.

        Returns:
            TestResult: The result.

        Raises:
            KeyError: If one of them is missing.
        """
        return cls(name, metrics['accuracy/top1'],
                   [metrics[f'accuracy/{yaw}'] for yaw in YAW_NAMES],
                   np.asarray(metrics['confusion_matrix/result']))


def comparison_sheet(results: Sequence[TestResult], classes: Sequence[str],
                     faces: np.ndarray, title: str, note: str) -> Figure:
    """Draw accuracy by yaw, confusion matrices and a grid of faces.

    Args:
        results (Sequence[TestResult]): One or more models.
        classes (Sequence[str]): Names in the order of the labels.
        faces (np.ndarray): Grid of faces, RGB, uint8.
        title (str): Heading.
        note (str): Text below the faces.

    Returns:
        Figure: The page. ``savefig`` writes it, no display is needed.
    """
    count = len(results)
    figure = Figure(figsize=(7 + 4.5 * count, 10), layout='constrained')
    figure.suptitle(title)
    left, right = figure.subfigures(1, 2, width_ratios=[6, 4.5 * count])
    axes = left.subplots()
    axes.imshow(faces, interpolation='nearest')
    axes.axis('off')
    axes.set_title('IPD-FER on test subjects, which no model has seen')
    left.supxlabel(note, fontsize=9)
    upper, lower = right.subfigures(2, 1)
    _draw_accuracy(upper.subplots(), results)
    for axes, result in zip(
            np.atleast_1d(lower.subplots(1, count, sharey=True)), results):
        _draw_confusion(axes, result, classes)
    return figure


def _draw_accuracy(axes, results: Sequence[TestResult]) -> None:
    edges = [f'{edge:g}' for edge in (0, *POSE_EDGES)]
    names = ['all', *map('{}°-{}°'.format, edges, edges[1:]),
             f'over {edges[-1]}°']
    width = 0.8 / len(results)
    for i, result in enumerate(results):
        values = [result.accuracy, *result.accuracy_by_yaw]
        bars = axes.bar(
            np.arange(len(names)) + (i - (len(results) - 1) / 2) * width,
            values, width, label=result.name)
        axes.bar_label(bars, fmt='%.0f', fontsize=8)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(0, 100)
    axes.set_ylabel('accuracy, %')
    axes.set_title('Accuracy on all test images and by yaw')
    # Below, where no bar can be.
    axes.legend(loc='upper center', bbox_to_anchor=(0.5, -0.08),
                ncols=len(results), frameon=False)


def _draw_confusion(axes, result: TestResult,
                    classes: Sequence[str]) -> None:
    shares = 100 * result.confusion / np.maximum(
        result.confusion.sum(axis=1, keepdims=True), 1)
    draw_heatmap(axes, shares, classes, classes, 100, 0, fontsize=8)
    axes.tick_params(axis='x', rotation=60)
    axes.set_xlabel('predicted')
    axes.set_title(f'{result}\ntrue class by row, %')
