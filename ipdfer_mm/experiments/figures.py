"""Figures of experiments, as those of the paper; no display is needed."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from ipdfer_mm.analysis.predictions import Predictions
from ipdfer_mm.preparation.reading import read_image
from ipdfer_mm.visualization.heatmap import draw_heatmap

COLUMNS = 8  # of images
PANELS = 3  # side by side


def confusion_figure(predictions: Sequence[Predictions], title: str) -> Figure:
    """Draw a confusion matrix, as Fig. 4 and 5.

    Args:
        predictions (Sequence[Predictions]): One or more seeds, whose counts
            are added.
        title (str): Heading.

    Returns:
        Figure: Shares of each true class in per cent, of the classes that
        occur; dashes for one that is only predicted.
    """
    labels = np.concatenate([p.labels for p in predictions])
    predicted = np.concatenate([p.predicted for p in predictions])
    present = np.unique(np.concatenate([labels, predicted]))
    shares = 100 * confusion_matrix(
        labels, predicted, labels=present, normalize='true')
    shares[~np.isin(present, labels)] = np.nan
    figure = Figure(figsize=(6, 5.5), layout='constrained')
    axes = figure.subplots()
    names = [predictions[0].classes[label] for label in present]
    draw_heatmap(axes, shares, names, names, 100, 1)
    axes.tick_params(axis='x', rotation=45)
    axes.set(xlabel='predicted, % of the true class', ylabel='true',
             title=title)
    return figure


def embedding_figure(points: dict[str, np.ndarray], labels: np.ndarray,
                     classes: Sequence[str], subjects: Sequence[str],
                     title: str) -> Figure:
    """Draw features in two dimensions, as Fig. 10.

    Args:
        points (dict[str, np.ndarray]): (N, 2) by name of the model.
        labels (np.ndarray): True class, (N, ), which gives the color.
        classes (Sequence[str]): Names in the order of the labels.
        subjects (Sequence[str]): The subject on each image, (N, ), who gives
            the number beside the point; without number where empty.
        title (str): Heading.

    Returns:
        Figure: A panel for each model.
    """
    known = sorted(set(subjects) - {''})
    numbers = {name: str(i) for i, name in enumerate(known, 1)}
    colors = matplotlib.colormaps['tab10']
    figure = Figure(figsize=(1 + 6 * len(points), 6), layout='constrained')
    figure.suptitle(title)
    panels = np.atleast_1d(figure.subplots(1, len(points)))
    for axes, (name, places) in zip(panels, points.items()):
        for label in np.unique(labels):
            members = labels == label
            axes.scatter(*places[members].T, s=14, color=colors(label),
                         label=classes[label])
        for place, subject, label in zip(places, subjects, labels):
            axes.annotate(numbers.get(subject, ''), place, fontsize=6,
                          xytext=(2, 2), textcoords='offset points',
                          color=colors(label))
        axes.set(title=name, xticks=[], yticks=[])
    panels[-1].legend(loc='upper left', bbox_to_anchor=(1, 1))
    return figure


def won_images(first: Predictions, second: Predictions,
               min_pose: int) -> np.ndarray:
    """Find large-pose images that only the second model gets right.

    Args:
        first (Predictions): One model.
        second (Predictions): Another, on the same images.
        min_pose (int): Smallest yaw bin.

    Returns:
        np.ndarray: Indices.
    """
    return np.flatnonzero(~first.right & second.right
                          & (second.poses >= min_pose))


def samples_figure(first: Predictions, indices: Sequence[int],
                   title: str) -> Figure:
    """Draw images with their true class and a wrong one, as Fig. 6.

    Args:
        first (Predictions): The model that is wrong.
        indices (Sequence[int]): Which images, at least one.
        title (str): Heading.

    Returns:
        Figure: The images.

    Raises:
        OSError: If an image cannot be read; names it.
    """
    columns = min(COLUMNS, len(indices))
    rows = -(-len(indices) // columns)
    # Wide enough for the heading.
    figure = Figure(figsize=(max(7, 1.6 * columns), 0.8 + 2.1 * rows),
                    layout='constrained')
    figure.suptitle(title)
    panels = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes in panels:
        axes.axis('off')
    for axes, index in zip(panels, indices):
        axes.imshow(read_image(Path(first.paths[index])))
        axes.set_title(f'{first.classes[first.labels[index]]}\n'
                       f'not {first.classes[first.predicted[index]]}',
                       fontsize=9)
    return figure


def sensitivity_figure(curves: dict[str, dict[float, Sequence[float]]],
                       title: str) -> Figure:
    """Draw accuracy over the value of settings, as Fig. 7.

    Args:
        curves (dict[str, dict[float, Sequence[float]]]): For each setting the
            accuracies of all seeds, per cent, by value.
        title (str): Heading.

    Returns:
        Figure: A panel for each setting, its values at equal distances, with
        mean, standard deviation and the single seeds.
    """
    columns = min(PANELS, len(curves))
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(max(7, 4 * columns), 0.6 + 3 * rows),
                    layout='constrained')
    figure.suptitle(f'{title}\n(dots: seeds, line: mean ± standard deviation)')
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes in panels.flat[len(curves):]:
        axes.axis('off')
    for axes, (setting, curve) in zip(panels.flat, curves.items()):
        values = sorted(curve)
        for x, value in enumerate(values):
            axes.scatter([x] * len(curve[value]), curve[value], s=9,
                         color='gray')
        spread = [np.std(curve[value], ddof=1) if len(curve[value]) > 1 else 0
                  for value in values]
        axes.errorbar(
            range(len(values)), [np.mean(curve[value]) for value in values],
            spread, marker='o', capsize=3)
        axes.set_xticks(range(len(values)), [f'{v:g}' for v in values])
        axes.set_xmargin(0.15)  # tick labels of neighbors do not touch
        axes.set(xlabel=setting)
    for axes in panels[:, 0]:
        axes.set_ylabel('accuracy, %')
    return figure
