import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from ipdfer_mm.visualization.saving import encode_figure


def draw(title):
    figure = Figure(figsize=(4, 1))
    figure.suptitle(title)
    axes = figure.add_subplot()
    axes.set_xticks([0, 1], [title, 'b'])
    axes.legend(*[[axes.plot([0, 1])[0]], [title]])
    return figure


@pytest.mark.parametrize('title', ['Ba$$in', '$x$', r'$\bad', 'a_b^c'])
def test_text_is_no_mathematics(title):
    image = cv2.imdecode(np.frombuffer(encode_figure(draw(title)), np.uint8),
                         cv2.IMREAD_COLOR)
    assert image.shape[:2] == (150, 600)
    # What is between the signs is not set in italics: nothing is taken away.
    figure = draw(title)
    encode_figure(figure)
    assert not any(text.get_parse_math() for text in figure.findobj(Text)
                   if text.get_text() == title)


def test_formats():
    assert encode_figure(draw('a'), 'pdf').startswith(b'%PDF')
