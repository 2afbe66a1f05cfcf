"""Where the files are that do not belong to a module."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# Configs and tools are beside the modules of an installed package, or at the
# top of a checkout.
ROOTS = (PACKAGE / '.mim', PACKAGE.parent)


def find_root(folder: str) -> Path | None:
    """Folder that configs or tools are in.

    Args:
        folder (str): ``'configs'`` or ``'tools'``.

    Returns:
        Path | None: The folder above; None where the package was installed
        without.
    """
    return next((root for root in ROOTS if (root / folder).is_dir()), None)
