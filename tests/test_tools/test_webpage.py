"""The command as users run it."""

import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from helpers.tiny_run import tool_environment
from helpers.tools import ROOT, call_tool


@pytest.mark.skipif(sys.platform == 'win32', reason='needs signals')
def test_page_until_it_is_stopped(tmp_path):
    """By SIGTERM, which is treated as Ctrl-C."""
    pytest.importorskip('gradio', reason='gradio is not installed')
    process = subprocess.Popen(
        ['python', ROOT / 'tools/webpage.py', '--device', 'cpu'], cwd=tmp_path,
        env=tool_environment(TMPDIR=tmp_path), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    found = None
    for line in process.stdout:
        if found := re.match(r'The page is at (\S+) until Ctrl-C', line):
            break
    assert found, process.communicate()[1]
    with urllib.request.urlopen(found[1]) as answer:
        assert 'Facial expressions' in answer.read().decode()
    assert list(tmp_path.glob('ipdfer_webpage_*'))
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and out == 'Stopped.\n'
    assert 'Traceback' not in err
    assert not list(tmp_path.glob('ipdfer_webpage_*'))


def test_unknown_model(tmp_path):
    code, _, err, _ = call_tool('webpage.py', '--model', 'unknown',
                                cwd=tmp_path)
    assert code == 2 and 'no model "unknown"' in err
    assert 'Traceback' not in err


@pytest.mark.parametrize('port', ['0', '70000', '-1'])
def test_port_that_cannot_be(port, tmp_path):
    code, _, err, _ = call_tool('webpage.py', '--port', port, cwd=tmp_path)
    assert code == 2 and '--port must be 1 to 65535' in err
