"""Images and numbers as HTML.

Images are part of the page (``data:``), so that no file of them is written.
"""

import base64
import html
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from matplotlib.colors import to_hex

from ipdfer_mm.apis.face_drawing import shrink
from ipdfer_mm.preparation.head_pose import Angles
from ipdfer_mm.visualization.expression_timeline import expression_color

# Longest side of the annotated image in pixels.
MAX_SIDE = 1280
DIRECTIONS = {
    'yaw': ('nose to the right of the image',
            'nose to the left of the image'),
    'pitch': ('nose down', 'nose up'),
    'roll': ('turned counter-clockwise', 'turned clockwise'),
}
STYLE = '''
#heading h2, #heading p {margin: 0}
.drawn img {max-width: 100%; max-height: 270px; margin: auto; display: block}
.drawn.wide img {max-height: 225px}
#live_drawn .drawn img {max-height: 360px}
/* Gradio hides it under the mouse. */
#chooser input:checked {
    background-color: var(--checkbox-background-color-selected) !important}
.faces {display: flex; flex-wrap: wrap; gap: 12px}
.faces figure {margin: 0; width: 120px}
.faces img {width: 120px; height: 120px; border-radius: 4px}
.faces figcaption {font-size: 13px; line-height: 1.3; margin-top: 4px}
.numbers {width: 100%; font-size: 14px; line-height: 1.1}
.numbers caption {text-align: left; font-weight: bold; padding: 0 6px 2px}
.numbers td {padding: 1px 6px; white-space: nowrap}
.numbers td.number {text-align: right}
.numbers td:last-child {width: 100%}
.bar {height: 12px; min-width: 1px; border-radius: 2px}
.note {padding: 10px 14px; border-radius: 6px;
    background: var(--background-fill-secondary)}
.problem {border-left: 4px solid #d97706}
'''


def heading(title: str, text: str) -> str:
    """What stands above all.

    Args:
        title (str): Plain text.
        text (str): Likewise.

    Returns:
        str: HTML.
    """
    return f'<h2>{html.escape(title)}</h2><p>{html.escape(text)}</p>'


def note(text: str, problem: bool = False) -> str:
    """A sentence to the user.

    Args:
        text (str): Plain text.
        problem (bool): Whether it says what went wrong.

    Returns:
        str: HTML.
    """
    kind = 'note problem' if problem else 'note'
    role = 'alert' if problem else 'status'
    return f'<div class="{kind}" role="{role}">{html.escape(text)}</div>'


def drawn_image(image: np.ndarray) -> str:
    """The annotated image, made smaller where it is large.

    Args:
        image (np.ndarray): BGR, uint8 (H, W, 3).

    Returns:
        str: HTML.
    """
    image = shrink(image, MAX_SIDE)
    height, width = image.shape[:2]
    kind = 'drawn wide' if width > 2 * height else 'drawn'
    return (f'<div class="{kind}"><img src="{_data_url(image, "jpeg")}" '
            'alt="the image with the faces that were found"></div>')


def timeline_image(png: bytes) -> str:
    """The timeline of the last minute.

    Args:
        png (bytes): The figure, in a PNG file.

    Returns:
        str: HTML.
    """
    return (f'<img style="width: 100%" src="{_as_url(png, "png")}" '
            'alt="probabilities of the expressions over the last minute">')


def face_row(faces: Mapping[str, np.ndarray]) -> str:
    """Faces side by side.

    Args:
        faces (Mapping[str, np.ndarray]): By caption, BGR, uint8 (S, S, 3).

    Returns:
        str: HTML.
    """
    figures = ''.join(
        f'<figure><img src="{_data_url(face, "png")}" '
        f'alt="{html.escape(caption)}">'
        f'<figcaption>{html.escape(caption)}</figcaption></figure>'
        for caption, face in faces.items())
    return f'<div class="faces">{figures}</div>'


def probability_bars(probabilities: Mapping[str, float]) -> str:
    """Bars in the colors of the annotated image.

    Args:
        probabilities (Mapping[str, float]): Of the expressions, by name.

    Returns:
        str: HTML.
    """
    return _table('Expression', [
        (name, f'{share:.1%}', _bar(index, share))
        for index, (name, share) in enumerate(probabilities.items())
    ])


def pose_table(angles: Angles) -> str:
    """A head pose in degrees and words.

    Args:
        angles (Angles): The pose.

    Returns:
        str: HTML.
    """
    return _table('Head pose', [(name, *_describe(name, angle))
                                for name, angle in angles._asdict().items()])


def _bar(index: int, share: float) -> str:
    color = to_hex(expression_color(index))
    return (f'<div class="bar" style="width: {share:.1%}; '
            f'background: {color}"></div>')


def _describe(name: str, angle: float) -> tuple[str, str]:
    if np.isnan(angle):
        return '', 'unknown'
    degrees = round(angle)
    if not degrees:
        return '0°', 'straight'
    return f'{degrees:+d}°', DIRECTIONS[name][degrees > 0]


def _table(caption: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """Rows of a name, a number and HTML that explains it."""
    lines = ''.join(
        f'<tr><td>{html.escape(name)}</td><td class="number">{number}</td>'
        f'<td>{explanation}</td></tr>' for name, number, explanation in rows)
    return (f'<table class="numbers"><caption>{caption}</caption>{lines}'
            '</table>')


def _data_url(image: np.ndarray, kind: str) -> str:
    _, content = cv2.imencode(f'.{kind}', image)
    return _as_url(content.tobytes(), kind)


def _as_url(content: bytes, kind: str) -> str:
    return f'data:image/{kind};base64,{base64.b64encode(content).decode()}'
