"""What registering imports."""

import subprocess
import sys


def test_registering_needs_no_statistics():
    """What takes long and few programs need."""
    code = ('import sys; from ipdfer_mm.utils import register_all_modules; '
            'register_all_modules(); print(*sys.modules)')
    result = subprocess.run([sys.executable, '-c', code], check=True,
                            capture_output=True, text=True)
    loaded = set(result.stdout.split())
    assert 'ipdfer_mm.metrics' in loaded
    assert not loaded & {'scipy', 'sklearn', 'torchmetrics'}
    assert not any(name.startswith('ipdfer_mm.analysis') for name in loaded)
