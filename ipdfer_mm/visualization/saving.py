"""Encoded figures."""

import io

from matplotlib.figure import Figure
from matplotlib.text import Text


def encode_figure(figure: Figure, suffix: str = 'png',
                  dpi: int = 150) -> bytes:
    """Encode a figure whose text is taken as it stands.

    Matplotlib would read what stands between two dollar signs, of the name of
    a file, as mathematics.

    Args:
        figure (Figure): The figure.
        suffix (str): The format, such as 'png' or 'pdf'.
        dpi (int): Pixels an inch.

    Returns:
        bytes: The content of a file.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    content = io.BytesIO()
    figure.savefig(content, format=suffix, dpi=dpi)
    return content.getvalue()
