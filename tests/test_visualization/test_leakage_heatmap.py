import cv2
import numpy as np

from ipdfer_mm.visualization.leakage_heatmap import leakage_heatmap
from ipdfer_mm.visualization.saving import encode_figure


def matrix(scores):
    cells = {row: {column: dict(score=score) for column, score in zip(
        ('identity', 'yaw', 'expression'), line)}
             for row, line in zip(('f_id', 'f_pose', 'f_exp'), scores)}
    return dict(cells=cells, mean_margin=0.5)


def test_darker_is_more():
    low, high = np.eye(3), 1 - np.eye(3)
    figure = leakage_heatmap(dict(linear=matrix(low), mlp=matrix(high)),
                             'model.pth')
    linear, mlp = figure.axes[:2]
    np.testing.assert_array_equal(linear.images[0].get_array(), low)
    np.testing.assert_array_equal(mlp.images[0].get_array(), high)
    assert [text.get_text() for text in linear.texts[:2]] == ['1.00', '0.00']
    assert [label.get_text() for label in linear.get_yticklabels()] == [
        'f_id', 'f_pose', 'f_exp']
    page = cv2.imdecode(
        np.frombuffer(encode_figure(figure), np.uint8), cv2.IMREAD_COLOR)
    assert page.shape[0] > 300


def test_of_one_component_and_factor():
    cells = dict(f_exp=dict(expression=dict(score=0.4)))
    figure = leakage_heatmap(
        dict(linear=dict(cells=cells, mean_margin=None)), 'model.pth')
    assert figure.axes[0].get_title() == 'linear probe'
