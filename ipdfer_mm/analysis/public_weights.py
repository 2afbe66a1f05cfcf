"""Weights that a measure needs, as their authors give them out."""

import pickle
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ipdfer_mm.utils.files import sha256


class PublicWeights(NamedTuple):
    """A public file. Nothing here downloads it.

    Attributes:
        network (str): What it holds, as errors call it.
        url (str): Its address. As torch.hub has it, its name ends in the
            first eight digits of its SHA-256: ``name-0123abcd.pth``.
    """

    network: str
    url: str

    @contextmanager
    def explained(self, path: str | Path) -> Iterator[None]:
        """Say which file is expected where one cannot be loaded.

        Args:
            path (str or Path): The file that is read in the ``with`` block.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the block fails, because the file is damaged or
                holds the weights of another network.
        """
        advice = f'Expected is {self.network}: download {self.url}'
        if not Path(path).is_file():
            raise FileNotFoundError(f'There is no file {path}. {advice}')
        try:
            yield
        except (RuntimeError, KeyError, TypeError,
                pickle.UnpicklingError) as error:
            reason = textwrap.shorten(str(error), 200, placeholder=' ...')
            raise ValueError(
                f'{path} is damaged, or holds something else. {advice} '
                f'({type(error).__name__}: {reason})') from error

    def is_original(self, path: str | Path) -> bool:
        """Compare a file with the digest in the name of the public one.

        Args:
            path (str or Path): The file.

        Returns:
            bool: Whether it is the file that :attr:`url` names. Other weights
            of the same network measure something else.
        """
        return Path(self.url).stem.endswith(f'-{sha256(str(path))[:8]}')
