"""Names of ``ipdfer_mm.evaluation`` are imported when they are asked for."""

import subprocess
import sys

import pytest

from ipdfer_mm import evaluation


def test_every_name_is_there():
    for name in evaluation.__all__:
        assert getattr(evaluation, name).__class__.__name__ != 'module', name
        assert name in dir(evaluation)
    with pytest.raises(AttributeError, match="no attribute 'turbo'"):
        evaluation.__getattr__('turbo')


def test_registering_needs_no_statistics():
    """What takes long and few programs need."""
    code = ('import sys; from ipdfer_mm.utils import register_all_modules; '
            'register_all_modules(); print(*sys.modules)')
    result = subprocess.run([sys.executable, '-c', code], check=True,
                            capture_output=True, text=True)
    loaded = set(result.stdout.split())
    assert 'ipdfer_mm.evaluation.metrics' in loaded
    assert not loaded & {'scipy', 'sklearn', 'torchmetrics'}
