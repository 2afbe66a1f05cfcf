"""Shows the page on an address of this computer."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from ipdfer_mm.apis import ExpressionInferencer

from .examples import render_examples
from .markup import STYLE
from .page import ExpressionPage
from .uploads import without_downloads

MAX_FILE_SIZE = '20mb'
FOLDER_VARIABLE = 'GRADIO_TEMP_DIR'


@contextmanager
def running_page(inferencer: ExpressionInferencer,
                 name: str,
                 host: str = '127.0.0.1',
                 port: int | None = None) -> Iterator[str]:
    """Show the page as long as the block runs.

    Nothing is loaded from other computers, nor told to them. Files of the
    page are in a temporary folder that only this user can read, and that is
    gone afterwards.

    Args:
        inferencer (ExpressionInferencer): The model.
        name (str): How it is called.
        host (str): Address to listen on; ``'0.0.0.0'`` for all, which lets
            all in the network use the page.
        port (int, optional): Port; the first free one from 7860 if left out.

    Yields:
        str: Address of the page.

    Raises:
        OSError: If nothing can listen there; names address and port.
    """
    with _temporary_folder() as folder, without_downloads():
        examples = folder / 'examples'
        examples.mkdir()
        page = ExpressionPage(inferencer, name, render_examples(examples))
        try:
            yield _launch(page.blocks, host, port)
        finally:
            page.blocks.close(verbose=False)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder where Gradio puts its files, too."""
    before = os.environ.get(FOLDER_VARIABLE)
    with tempfile.TemporaryDirectory(prefix='ipdfer_webpage_') as folder:
        os.environ[FOLDER_VARIABLE] = os.path.join(folder, 'gradio')
        try:
            yield Path(folder)
        finally:
            del os.environ[FOLDER_VARIABLE]
            if before is not None:
                os.environ[FOLDER_VARIABLE] = before


def _launch(blocks: gr.Blocks, host: str, port: int | None) -> str:
    # Gradio would load its own fonts from Google.
    theme = gr.themes.Default(font=['system-ui', 'sans-serif'],
                              font_mono=['ui-monospace', 'monospace'])
    try:
        _, address, _ = blocks.launch(
            server_name=host, server_port=port, share=False, quiet=True,
            inbrowser=False, prevent_thread_lock=True,
            max_file_size=MAX_FILE_SIZE, theme=theme, css=STYLE,
            footer_links=[], run_history=False, enable_monitoring=False,
            ssr_mode=False, pwa=False, mcp_server=False)
    except OSError as error:
        raise OSError(
            f'The page cannot listen on {host}, port {port or "from 7860"}: '
            'it is taken, or no address of this computer. Choose another '
            'one.') from error
    return address
