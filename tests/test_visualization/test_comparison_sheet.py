import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend

from ipdfer_mm.visualization import TestResult, comparison_sheet

METRICS = {
    'accuracy/top1': 62.5,
    'accuracy/yaw_0_10': 80.0,
    'accuracy/yaw_10_20': 70.0,
    'accuracy/yaw_20_30': 60.0,
    'accuracy/yaw_30_40': 50.0,
    'accuracy/yaw_40_up': float('nan'),
    'accuracy/yaw_over_10': 55.0,
    'confusion_matrix/result': [[3, 1], [0, 0]],
}


def texts(figure):
    return [text.get_text() for text in figure.findobj(
        lambda artist: hasattr(artist, 'get_text'))]


def test_shows_the_numbers(tmp_path):
    result = TestResult.from_metrics('ours', METRICS)
    assert result.accuracy_by_yaw[:4] == [80, 70, 60, 50]
    other = TestResult('theirs', 33.3, [30] * 5, np.eye(2))
    faces = np.zeros((40, 60, 3), np.uint8)
    figure = comparison_sheet([result, other], ['sad', 'glad'], faces, 'Both',
                              'below')
    found = texts(figure)
    for text in ('ours', 'theirs', 'Both', 'below', '80', '30',
                 'over 40°', '20°-30°',
                 # Shares of the true class; one without images is 0.
                 '75', '25', '0', '100'):
        assert text in found, text
    # Of four images three are right: Wilson by hand.
    assert any('62.5 % (30.1 to 95.4)' in text for text in found)
    figure.savefig(tmp_path / 'sheet.png', dpi=30)
    assert (tmp_path / 'sheet.png').stat().st_size > 1000


def test_legend_hides_no_bar():
    full = TestResult('all right', 100, [100] * 5, np.eye(2))
    figure = comparison_sheet([full, full], ['sad', 'glad'],
                              np.zeros((4, 4, 3), np.uint8), 'Full', '')
    FigureCanvasAgg(figure).draw()
    (legend, ) = figure.findobj(Legend)
    assert not legend.get_window_extent().overlaps(
        legend.axes.get_window_extent())


def test_one_model():
    result = TestResult.from_metrics('ours', METRICS)
    figure = comparison_sheet([result], ['sad', 'glad'],
                              np.zeros((4, 4, 3), np.uint8), 'One', '')
    assert '60' in texts(figure)


def test_metrics_of_another_run():
    for key in ('accuracy/yaw_30_40', 'confusion_matrix/result'):
        metrics = {name: METRICS[name] for name in METRICS if name != key}
        with pytest.raises(KeyError, match=key):
            TestResult.from_metrics('ours', metrics)
