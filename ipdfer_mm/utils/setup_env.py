"""Register every component of the package."""

import importlib
import time

from mmengine.registry import DefaultScope

SUBPACKAGES = ('datasets', 'engine', 'metrics', 'models')


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import all subpackages that register components.

    Args:
        init_default_scope (bool): Whether to make ``ipdfer_mm`` the default
            scope, so that ``type='IPDFERModel'`` is found without a prefix.
            Defaults to True.
    """
    for name in SUBPACKAGES:
        importlib.import_module(f'ipdfer_mm.{name}')
    current = DefaultScope.get_current_instance()
    if init_default_scope and (current is None
                               or current.scope_name != 'ipdfer_mm'):
        # The newest instance is the current one, and names are used once.
        DefaultScope.get_instance(
            f'ipdfer_mm-{time.time_ns()}', scope_name='ipdfer_mm')
