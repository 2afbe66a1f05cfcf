"""Parts of messages."""

import io
import sys
from collections.abc import Sequence


def shorten(names: Sequence[str], limit: int = 10) -> str:
    """Join names for a message and cut a long list short.

    Args:
        names (Sequence[str]): The names.
        limit (int): How many of them are shown.

    Returns:
        str: ``'a, b, c'``, with ``' and 7 more'`` where there are more.
    """
    rest = len(names) - limit
    text = ', '.join(str(name) for name in names[:limit])
    return f'{text} and {rest} more' if rest > 0 else text


def escape_unprintable() -> None:
    """Let the console print every name: escaped, where its encoding lacks it.

    Otherwise the program would end with a UnicodeEncodeError.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')
