"""Reads what pages show."""

import base64
import re

import cv2
import numpy as np


def decode(html: str) -> list[np.ndarray]:
    """Images that are part of HTML, BGR."""
    return [
        cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8),
                     cv2.IMREAD_COLOR)
        for text in re.findall('src="data:image/[a-z]+;base64,([^"]+)"', html)]


def cells(html: str) -> list[str]:
    """Texts of the cells of a table."""
    return [re.sub('<[^>]+>', '', cell)
            for cell in re.findall('<td[^>]*>(.*?)</td>', html)]
