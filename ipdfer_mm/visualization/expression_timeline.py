"""Expressions over the time of a video, in bounded memory."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

NUM_BINS = 600
MAX_TRACKS = 8  # in a figure
FIRST_WIDTH = 0.04  # seconds, a frame


def expression_color(index: int) -> tuple[float, float, float]:
    """Color of an expression: red, green and blue in [0, 1].

    Args:
        index (int): Label.

    Returns:
        tuple[float, float, float]: One of ten.
    """
    return matplotlib.colormaps['tab10'](index % 10)[:3]


class ExpressionTimeline:
    """Means of probabilities by subject and time.

    A subject has at most 600 bins of the same width. When the time reaches
    their end, each two are put together and the width doubles: it is 0.04
    seconds for a video of 24 seconds and 10.24 for one of an hour. So memory
    grows with the number of subjects alone.

    Args:
        classes (Sequence[str]): Names of the expressions.
        unit (str): What has a panel. Defaults to 'face'.
    """

    def __init__(self, classes: Sequence[str], unit: str = 'face') -> None:
        self.unit = unit
        self.classes = tuple(classes)
        self.width = FIRST_WIDTH
        # By track and bin: sums of the probabilities, and their number.
        self._sums: dict[int, dict[int, np.ndarray]] = {}

    def add(self, track: int, seconds: float,
            probabilities: Mapping[str, float]) -> None:
        """Add a face.

        Args:
            track (int): Number of the subject.
            seconds (float): Time since the start.
            probabilities (Mapping[str, float]): By expression.
        """
        while seconds >= NUM_BINS * self.width:
            self.width *= 2
            self._sums = {number: _halve(bins)
                          for number, bins in self._sums.items()}
        values = np.array([*(probabilities[name] for name in self.classes), 1])
        bins = self._sums.setdefault(track, {})
        # Times of frames are multiples of the width but for rounding.
        index = int(seconds / self.width + 1e-6)
        bins[index] = bins.get(index, 0) + values

    def means(self, track: int) -> tuple[np.ndarray, np.ndarray]:
        """Course of a subject's expressions.

        Args:
            track (int): Number of the subject.

        Returns:
            tuple[np.ndarray, np.ndarray]: Middles of the bins in which the
            subject was seen, in seconds, (B,), and mean probabilities,
            (B, K).
        """
        bins = self._sums[track]
        indices = np.array(sorted(bins))
        sums = np.stack([bins[index] for index in indices])
        return (indices + .5) * self.width, sums[:, :-1] / sums[:, -1:]

    def figure(self, title: str) -> Figure:
        """Draw the subjects that are seen longest.

        Args:
            title (str): Heading.

        Returns:
            Figure: A panel for each. ``savefig`` writes it, no display is
            needed.
        """
        seen = {track: sum(sums[-1] for sums in bins.values())
                for track, bins in self._sums.items()}
        tracks = sorted(sorted(seen, key=seen.get)[-MAX_TRACKS:])
        if len(tracks) < len(seen):
            title += f' (the {len(tracks)} of {len(seen)} seen longest)'
        rows = max(len(tracks), 1)
        figure = Figure(figsize=(11, 1 + 2 * rows), layout='constrained')
        figure.suptitle(title)
        panels = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
        if not tracks:
            panels[0].set_title('no face')
        for axes, track in zip(panels, tracks):
            self._draw(axes, track)
        panels[-1].set_xlabel('seconds')
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc='outside right upper')
        return figure

    def _draw(self, axes, track: int) -> None:
        seconds, means = self.means(track)
        for index, name in enumerate(self.classes):
            # A single point has no line.
            axes.plot(seconds, means[:, index], label=name, marker='.',
                      color=expression_color(index), markersize=2)
        axes.set(title=f'{self.unit} {track}', ylim=(-.02, 1.02),
                 ylabel='probability')


def _halve(bins: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    halved: dict[int, np.ndarray] = {}
    for index, sums in bins.items():
        halved[index // 2] = halved.get(index // 2, 0) + sums
    return halved
