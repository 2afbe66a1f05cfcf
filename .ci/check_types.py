"""Run mypy: no error outside the list in pyproject.toml, all of it needed."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / 'pyproject.toml'
OVERRIDES = '[[tool.mypy.overrides]]'


def main() -> int:
    """Compare the modules with errors to those that may have some.

    Returns:
        int: The exit status, 1 if they differ.
    """
    # Without the list, which is the last section.
    settings, listed = PYPROJECT.read_text().split(OVERRIDES)
    allowed = set(re.findall(r'^    "([\w.]+)",$', listed, re.MULTILINE))
    with tempfile.NamedTemporaryFile('w', suffix='.toml') as file:
        file.write(settings)
        file.flush()
        done = subprocess.run(
            [sys.executable, '-m', 'mypy', '--config-file', file.name],
            cwd=PYPROJECT.parent,
            stdout=subprocess.PIPE,
            text=True)
    if done.returncode > 1:  # it did not get so far
        print(done.stdout)
        return done.returncode
    errors: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        if match := re.match(r'([\w/]+)\.py:\d+: error: ', line):
            errors.setdefault(match[1].replace('/', '.'), []).append(line)
    for module in sorted(errors.keys() - allowed):
        print(*errors[module], sep='\n')
    for module in sorted(allowed - errors.keys()):
        print(f'pyproject.toml: remove {module} from the list of mypy, it has '
              'no error.')
    print(f'mypy: {sum(map(len, errors.values()))} errors in {len(errors)} '
          f'modules, {len(allowed)} modules may have some.')
    return int(errors.keys() != allowed)


if __name__ == '__main__':
    sys.exit(main())
