"""The site builds, and its reference has every public class and config."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from helpers.tiny_run import ROOT, run
from mmengine.registry import Registry

import ipdfer_mm
from ipdfer_mm import registry
from ipdfer_mm.utils import register_all_modules


@pytest.fixture(scope='module')
def site(tmp_path_factory) -> Path:
    """The site as it is published."""
    pytest.importorskip('mkdocs', reason='needs requirements/docs.txt')
    folder = tmp_path_factory.mktemp('site')
    run('python', '-m', 'mkdocs', 'build', '--strict', '-d', folder, cwd=ROOT,
        NO_MKDOCS_2_WARNING=1)
    return folder


@pytest.fixture(scope='module')
def reference(site) -> str:
    """All pages of the reference."""
    return ''.join(page.read_text()
                   for page in (site / 'reference').glob('*.html'))


@pytest.fixture(scope='module')
def documented(reference) -> set[str]:
    """Full names of all that the reference documents."""
    return set(re.findall(r'id="(ipdfer_mm\.[\w.]+)"', reference))


def public_names() -> set[str]:
    """Full name of each public name, in the lowest package that offers it."""
    packages = [ipdfer_mm.__name__]
    packages += sorted(module.name for module in pkgutil.walk_packages(
        ipdfer_mm.__path__, 'ipdfer_mm.') if module.ispkg)
    lowest = {}
    for package in packages:  # those within another after it
        for name in getattr(importlib.import_module(package), '__all__', ()):
            lowest[(name, *package.split('.')[1:2])] = f'{package}.{name}'
    return set(lowest.values())


def test_every_public_name_has_its_place(documented):
    names = public_names()
    assert len(names) > 80
    for full in names:
        # A function may have the name of the module that defines it.
        name = full.rsplit('.', 1)[1]
        assert full in documented or f'{full}.{name}' in documented, full


def test_every_registered_class_has_its_place(documented):
    register_all_modules(init_default_scope=False)
    classes = [component for node in vars(registry).values()
               if isinstance(node, Registry)
               for component in node.module_dict.values()
               if component.__module__.startswith('ipdfer_mm.')]
    assert len(classes) > 40
    for component in classes:
        assert any(name.endswith(f'.{component.__name__}')
                   for name in documented), component


def test_every_config_has_its_place(site):
    """Below the heading of its folder, with what it is."""
    text = (site / 'reference/configs.html').read_text()
    sections = {}
    for section in re.split('<h2 ', text)[1:]:
        title = re.search(r'<code>(.*?)</code>', section)[1]
        sections[title] = re.findall(r'<dt><code>(.*?)</code></dt>', section)
    for folder in {path.parent for path in (ROOT / 'configs').rglob('*.py')}:
        files = sorted(path.name for path in folder.glob('*.py'))
        assert sections[folder.relative_to(ROOT).as_posix()] == files
    entries = re.findall(r'<dd>(.*?)</dd>', text, re.DOTALL)
    assert len(entries) == sum(map(len, sections.values()))
    for entry in entries:
        assert not re.sub('<.*?>', '', entry).strip().startswith('From'), entry


def test_no_link_leaves_the_site(site):
    """Of documents that were moved into it, too."""
    for page in site.rglob('*.html'):
        if page.name == '404.html':  # it may be shown at any address
            continue
        for link in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text()):
            if not re.match(r'\w+:', link):
                assert (page.parent / link).exists(), (page, link)


def test_docstrings_have_no_markup_of_another_kind(reference):
    for part in (':class:', ':func:', ':meth:', ':attr:', '`_', '`~',
                 '.. math', '<details'):  # of an unknown heading
        assert part not in reference, part
