"""Helpers that belong to no single part of the package."""

from .setup_env import register_all_modules

__all__ = ['register_all_modules']
