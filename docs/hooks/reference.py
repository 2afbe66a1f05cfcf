"""Pages of the site that are made from the code: classes and configs.

Nothing is imported, so the site builds without torch. One page for each
sub-package with a list ``__all__``, and one for all configs.
"""

import ast
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / 'ipdfer_mm'


def public_names(init: Path) -> list[str]:
    """Read ``__all__`` of an ``__init__.py``; empty where there is none."""
    for node in ast.parse(init.read_text()).body:
        if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == '__all__'
                for target in node.targets):
            return sorted(ast.literal_eval(node.value), key=str.lower)
    return []


def summary(init: Path) -> str:
    """First paragraph of a module's docstring."""
    text = ast.get_docstring(ast.parse(init.read_text())) or ''
    return text.split('\n\n')[0]


def address(package: Path, name: str) -> str:
    """Full name of what a package offers."""
    parts = [*package.relative_to(ROOT).parts, name]
    if (package / f'{name}.py').exists():
        # The module of that name would be taken for what it defines.
        parts.append(name)
    return '.'.join(parts)


def section(init: Path, names: list[str], level: int) -> str:
    """Heading, summary and documentation of one sub-package."""
    module = '.'.join(init.parent.relative_to(ROOT).parts)
    text = f'{"#" * level} {module}\n\n{summary(init)}\n\n'
    for name in names:
        text += f'::: {address(init.parent, name)}\n'
        text += f'    options:\n      heading_level: {level + 1}\n\n'
    return text


def package_page(package: Path) -> str:
    """Page of a package: names of which it is the lowest that offers them."""
    inner = {
        init: public_names(init)
        for init in sorted(package.glob('*/**/__init__.py'))
    }
    below = {name for names in inner.values() for name in names}
    init = package / '__init__.py'
    text = section(init, [
        name for name in public_names(init) if name not in below], 1)
    for path, names in inner.items():
        if names:
            text += section(path, names, 2)
    return text


def room_pages() -> dict[str, str]:
    """Markdown of each package with public names, by address."""
    pages = {'reference/ipdfer_mm.md': section(
        PACKAGE / '__init__.py', public_names(PACKAGE / '__init__.py'), 1)}
    for init in sorted(PACKAGE.glob('*/__init__.py')):
        text = package_page(init.parent)
        if ':::' in text:
            pages[f'reference/{init.parent.name}.md'] = text
    return pages


def about_config(path: Path) -> str:
    """Comment at the top of a config, in one line of Markdown."""
    lines = []
    for line in path.read_text().splitlines():
        if not line.startswith('#'):
            break
        lines.append(line.lstrip('# '))
    return re.sub(r'([*_<])', r'\\\1', ' '.join(lines))


def bases(path: Path) -> list[str]:
    """Configs that a config inherits from, relative to it."""
    match = re.search(r'^_base_ = (\[.*?\]|\'.*?\')', path.read_text(),
                      re.DOTALL | re.MULTILINE)
    found = ast.literal_eval(match[1]) if match else []
    found = [found] if isinstance(found, str) else found
    return [base.removeprefix('./') for base in found]


def configs_page() -> str:
    """All configs, by folder, with what they say of themselves."""
    text = ('# Configs\n\nThe files of `configs/`, each with the comment at '
            'its top and the configs that it\ninherits from.\n')
    folders: dict[str, list[Path]] = {}
    for path in (ROOT / 'configs').rglob('*.py'):
        folders.setdefault(path.parent.relative_to(ROOT).as_posix(),
                           []).append(path)
    # Those to be run first.
    for folder in sorted(folders, key=lambda name: ('_base_' in name, name)):
        text += f'\n## `{folder}`\n\n'
        for path in sorted(folders[folder]):
            text += f'`{path.name}`\n:   {about_config(path)}'
            if parents := bases(path):
                text += f' From {", ".join(f"`{base}`" for base in parents)}.'
            text += '\n\n'
    return text


def pages() -> dict[str, str]:
    """Markdown of all pages that are made from the code, by address."""
    return {**room_pages(), 'reference/configs.md': configs_page()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to the site."""
    for address, text in pages().items():
        files.append(File.generated(config, address, content=text))
    return files
