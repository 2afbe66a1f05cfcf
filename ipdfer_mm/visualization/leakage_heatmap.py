"""What each component of a face gives away, as an image."""

import numpy as np
from matplotlib.figure import Figure

from .heatmap import draw_heatmap


def leakage_heatmap(probes: dict[str, dict], title: str) -> Figure:
    """Draw a leakage matrix for each kind of probe.

    Args:
        probes (dict[str, dict]): What
            :func:`ipdfer_mm.analysis.probes.leakage_matrix` gives, by the
            name of the kind of probe.
        title (str): Heading.

    Returns:
        Figure: The page. ``savefig`` writes it, no display is needed.
    """
    rows = max(len(matrix['cells']) for matrix in probes.values())
    figure = Figure(
        figsize=(4.2 * len(probes), 1.6 + 0.8 * rows), layout='constrained')
    figure.suptitle(title)
    grid = figure.subplots(1, len(probes), squeeze=False, sharey=True)[0]
    for axes, (kind, matrix) in zip(grid, probes.items()):
        cells = matrix['cells']
        columns = list(next(iter(cells.values())))
        scores = np.array([[row[column]['score'] for column in columns]
                           for row in cells.values()])
        image = draw_heatmap(axes, scores, list(cells), columns, 1, 2)
        margin = matrix['mean_margin']
        axes.set_title(f'{kind} probe' if margin is None else
                       f'{kind} probe, own less others {margin:.2f}',
                       fontsize=10)
    figure.colorbar(image, ax=grid, label='0: chance, 1: perfect')
    return figure
