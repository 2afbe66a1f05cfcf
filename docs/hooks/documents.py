"""Pages of the site from documents that lie outside ``docs/``.

They keep their links relative to the repository, as code hosts show them;
here those links are turned to the pages of the site.
"""

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
# Page of the site: document of the repository.
DOCUMENTS = {
    'readme.md': 'README.md',
    'contributing.md': 'CONTRIBUTING.md',
    'changelog.md': 'CHANGELOG.md',
    'weights.md': 'ipdfer_mm/weights/README.md',
}
PAGES = {document: page for page, document in DOCUMENTS.items()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents to the site."""
    for page, document in DOCUMENTS.items():
        text = (ROOT / document).read_text()
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig,
                     files: Files) -> str:
    """Turn links between documents into links between pages."""
    source = DOCUMENTS.get(page.file.src_uri, f'docs/{page.file.src_uri}')

    def turn(match: re.Match) -> str:
        target = os.path.normpath(
            os.path.join(os.path.dirname(source), match[1]))
        target = PAGES.get(target, target.removeprefix('docs/'))
        start = os.path.dirname(page.file.src_uri)
        return f']({os.path.relpath(target, start or ".")}{match[2]})'

    return re.sub(r'\]\((?!\w+:|#)([^)#]+)((?:#[^)]*)?)\)', turn, markdown)
