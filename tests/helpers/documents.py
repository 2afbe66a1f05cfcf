"""The documents, and the commands in them."""

import re

from helpers.tools import ROOT

DOCUMENTS = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md',
             *sorted((ROOT / 'docs').glob('*.md'))]


def shell_lines() -> set[str]:
    """Lines of the shell examples, without comments."""
    lines = set()
    for document in DOCUMENTS:
        for block in re.findall(r'```bash\n(.*?)```', document.read_text(),
                                re.DOTALL):
            for line in block.replace('\\\n', ' ').splitlines():
                line = ' '.join(re.sub(r'(^|\s)#.*', '', line).split())
                lines |= {line} - {''}
    return lines
