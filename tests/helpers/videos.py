"""Videos as other programs write them, by PyAV alone."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 25


def add_silence(container: av.container.OutputContainer,
                seconds: int) -> None:
    """Write sound, all of it before the frames."""
    stream = container.add_stream('aac', rate=8000)
    quiet = av.AudioFrame.from_ndarray(
        np.zeros((1, 8000 * seconds), np.float32), 'fltp', 'mono')
    quiet.sample_rate, quiet.pts = 8000, 0
    container.mux(stream.encode(quiet))
    container.mux(stream.encode())


def write_noise(path: Path, times: Sequence[float], codec: str = 'libx264',
                sound: int = 0, **options: str) -> bytes:
    """Write frames of noise at their times, after seconds of silence.

    Returns:
        bytes: The content of the file.
    """
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 160, 120, 'yuv420p'
        if sound:
            add_silence(container, sound)
        for seconds in times:
            raw = av.VideoFrame.from_ndarray(
                rng.integers(0, 256, (120, 160, 3), np.uint8), format='bgr24')
            raw.pts, raw.time_base = round(seconds * RATE), Fraction(1, RATE)
            container.mux(stream.encode(raw))
        container.mux(stream.encode())
    return path.read_bytes()
