"""Register every component of the package."""

import importlib

from mmengine.registry import DefaultScope

SUBPACKAGES = ('datasets', 'engine', 'models')


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import all subpackages that register components.

    Args:
        init_default_scope (bool): Whether to make ``ipdfer_mm`` the default
            scope, so that ``type='IPDFERModel'`` is found without a prefix.
            Defaults to True.
    """
    for name in SUBPACKAGES:
        importlib.import_module(f'ipdfer_mm.{name}')
    if init_default_scope:
        DefaultScope.get_instance('ipdfer_mm', scope_name='ipdfer_mm')
