"""Settings that a run was started with."""

import json
from pathlib import Path

from mmengine.config import Config

from .atomic import write_atomically

FILE = 'settings.json'
ADVICE = 'fix it and run the same command again, it goes on from here'


def plain_settings(cfg: Config) -> dict:
    """Turn a config into plain values.

    Args:
        cfg (Config): The config.

    Returns:
        dict: The same as JSON has it; what JSON cannot hold is text.
    """
    return json.loads(json.dumps(cfg.to_dict(), default=str))


def _read(path: Path) -> dict:
    try:
        settings = json.loads(path.read_text())
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise ValueError(f'{path} is damaged. Delete it, if the settings of '
                         'the run are those you ask for now.')
    return settings


def note_settings(folder: Path, cfg: Config, write: bool = True) -> None:
    """Note the settings of a run, and refuse others than those noted.

    Args:
        folder (Path): Folder of the run; made where it is missing.
        cfg (Config): The settings.
        write (bool): Whether to note them; False only compares. Defaults to
            True.

    Raises:
        ValueError: If the folder holds a run with other settings; names them.
        OSError: If they cannot be written.
    """
    noted = Path(folder, FILE)
    settings = plain_settings(cfg)
    if noted.is_file():
        theirs = _read(noted)
        changed = sorted(key for key in {*settings, *theirs}
                         if settings.get(key) != theirs.get(key))
        if changed:
            raise ValueError(f'{folder} holds a run with other settings '
                             f'({", ".join(changed)}). Name another folder, '
                             'or delete this one.')
        return
    if write:
        write_atomically(noted, json.dumps(settings).encode(), ADVICE)
