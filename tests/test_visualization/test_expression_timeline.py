import numpy as np
import pytest

from ipdfer_mm.visualization import expression_timeline
from ipdfer_mm.visualization.expression_timeline import (
    NUM_BINS,
    ExpressionTimeline,
)

CLASSES = ('sad', 'glad')


def texts(figure):
    return [text.get_text() for text in figure.findobj(
        lambda artist: hasattr(artist, 'get_text'))]


def test_an_hour_is_averaged():
    """Against a mean over all frames, which the timeline does not keep."""
    timeline = ExpressionTimeline(CLASSES)
    rng = np.random.default_rng(0)
    times = np.arange(0, 3600, .2)
    shares = rng.random(len(times))
    for time, share in zip(times, shares):
        timeline.add(1, time, dict(sad=share, glad=1 - share))
    assert timeline.width == pytest.approx(.04 * 2**8)
    seconds, means = timeline.means(1)
    assert len(seconds) <= NUM_BINS
    bins = (times / timeline.width + 1e-6).astype(int)
    expected = [shares[bins == i].mean() for i in range(bins.max() + 1)]
    np.testing.assert_allclose(means[:, 0], expected)
    np.testing.assert_allclose(
        seconds, (np.arange(bins.max() + 1) + .5) * timeline.width)


def test_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(expression_timeline, 'MAX_TRACKS', 3)
    timeline = ExpressionTimeline(CLASSES)
    for track in range(1, 12):
        for frame in range(track):
            timeline.add(track, frame, dict(sad=.2, glad=.8))
    figure = timeline.figure('a video')
    found = texts(figure)
    assert any('3 of 11' in text for text in found)
    assert {'face 9', 'face 10', 'face 11', *CLASSES} <= set(found)
    assert 'face 8' not in found
    panel = figure.axes[-1]
    (line, ) = [line for line in panel.lines if line.get_label() == 'glad']
    np.testing.assert_allclose(line.get_ydata(), [.8] * 11)
    figure.savefig(tmp_path / 'a.png', dpi=20)
    assert 'no face' in texts(ExpressionTimeline(CLASSES).figure('none'))
