"""The command ipdfer."""

import subprocess
import sys

import pytest
from mmengine.config import Config

from ipdfer_mm import command_line
from ipdfer_mm.command_line import COMMANDS, find_config, main
from ipdfer_mm.utils import installation
from ipdfer_mm.utils.installation import find_root


def test_help_fits_on_a_screen(capsys):
    for argv in ([], ['--help'], ['-h']):
        assert main(argv) is None
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) <= 24 and max(map(len, lines)) < 80
        for name in COMMANDS:
            assert any(line.startswith(f'  {name} ') for line in lines)


@pytest.mark.parametrize('name', COMMANDS)
def test_commands_are_the_tools(name, capsys, monkeypatch):
    monkeypatch.setattr('sys.argv', ['ipdfer'])
    with pytest.raises(SystemExit) as info:
        main([name, '--help'])
    assert not info.value.code
    assert f'usage: ipdfer {name} ' in capsys.readouterr().out


def test_arguments_and_status_are_those_of_the_tool(tmp_path, monkeypatch):
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'configs/part').mkdir(parents=True)
    (tmp_path / 'configs/part/a.py').touch()
    (tmp_path / 'tools/train.py').write_text(
        'def main(argv):\n    main.argv = argv\n    return 7\n')
    monkeypatch.setattr(installation, 'ROOTS', (tmp_path, ))
    monkeypatch.setattr('sys.argv', ['ipdfer'])
    assert main(['train', 'part/a.py', '--seed', '1', 'b.py']) == 7

    assert sys.modules['ipdfer_tool_train'].main.argv == [
        str(tmp_path / 'configs/part/a.py'), '--seed', '1', 'b.py']


def test_configs_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = find_root('configs')
    packaged = str(root / 'configs/ipdfer_rafdb.py')
    assert find_config('ipdfer_rafdb.py', root) == packaged
    assert find_config('configs/ipdfer_rafdb.py', root) == packaged
    assert find_config('--model=ipdfer_rafdb.py', root) == (
        f'--model={packaged}')
    for other in ('no_such_config.py', 'ipdfer_rafdb', '--out=a.py'):
        assert find_config(other, root) == other
    (tmp_path / 'ipdfer_rafdb.py').touch()  # the user's own comes first
    assert find_config('ipdfer_rafdb.py', root) == 'ipdfer_rafdb.py'


def test_unknown_command_and_no_tools(tmp_path, monkeypatch, capsys):
    assert main(['learn']) == 2
    err = capsys.readouterr().err
    assert 'no command "learn"' in err and 'usage: ipdfer' in err
    monkeypatch.setattr(installation, 'ROOTS', (tmp_path, ))
    assert main(['train', 'a.py']) == 2
    assert 'install the package again' in capsys.readouterr().err


def test_doctor_names_what_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(command_line, 'OPTIONAL',
                        {'no_such_module': ('webpage', ), 'numpy': ('x', )})
    assert main(['doctor']) is None
    out = capsys.readouterr().out
    assert 'ipdfer_mm: ' in out and 'mmengine: ' in out
    assert 'no_such_module: for `ipdfer webpage`' in out
    assert 'numpy: for' not in out


def test_paths_of_configs(capsys, tmp_path):
    assert main(['config', 'baseline_rafdb.py']) is None
    path = capsys.readouterr().out.strip()
    own = tmp_path / 'own.py'
    own.write_text(f'_base_ = {path!r}\ntrain_cfg = dict(max_epochs=2)\n')
    assert Config.fromfile(own).train_cfg.max_epochs == 2
    assert main(['config']) is None
    assert 'ipdfer_rafdb.py' in capsys.readouterr().out.split()
    assert main(['config', '-h']) is None
    assert 'usage: ipdfer config [NAME ...]' in capsys.readouterr().out
    assert main(['config', 'none.py']) == 2
    assert 'no config "none.py"' in capsys.readouterr().err


def test_help_needs_no_torch():
    """It is there at once."""
    code = ('import sys; from ipdfer_mm.command_line import main; main([]); '
            'assert "torch" not in sys.modules')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('usage: ipdfer COMMAND')
