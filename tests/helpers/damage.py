"""Files that are damaged in all ways, and errors that must name them."""

import os
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# `FUZZ_EXAMPLES=1000 python -m pytest -k damaged` looks longer, and elsewhere
# each time.
EXAMPLES = os.environ.get('FUZZ_EXAMPLES')
fuzz = settings(
    max_examples=int(EXAMPLES or 25),
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck))

# What parsers stumble over.
PIECES = (b'', b'\x00', b'\xff\xfe', b'\xef\xbb\xbf', b'\n', b'\r', b',', b'"',
          b'\t', b' ', b'-', b'nan', b'1e999', b'9' * 5000,
          '\u00b2\u0663'.encode(), b'../', b'{', b'PK\x03\x04')


@st.composite
def damaged(draw: Callable, content: bytes) -> bytes:
    """A file that is cut off, edited or another one altogether."""
    kind = draw(st.sampled_from(['cut', 'edit', 'edit', 'edit', 'other']))
    if kind == 'cut':
        return content[:draw(st.integers(0, max(len(content) - 1, 0)))]
    if kind == 'other':
        return draw(st.binary(max_size=200))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from([0, 1, 2, 20]))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        content = content[:start] + piece + content[start + length:]
    return content


def assert_named(call: Callable[[], object], path: Path,
                 kinds: tuple = (ValueError, OSError)) -> None:
    """Call something that may refuse a file, naming it.

    Args:
        call (Callable): What reads the file.
        path (Path): The file.
        kinds (tuple): Exceptions that its documentation names.
    """
    try:
        call()
    except kinds as error:
        assert str(path) in str(error), repr(error)


class Payload:
    """An object whose unpickling creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return open, (str(self.path), 'w')
