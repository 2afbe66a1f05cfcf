"""Image components that open nothing but what was uploaded."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData
from gradio.utils import get_upload_folder
from pydantic import field_validator

REFUSED = 'Only files that were uploaded to this page are opened.'


def check_upload(path: str | Path) -> None:
    """Refuse a path that a visitor made up.

    Args:
        path (str or Path): What the browser says.

    Raises:
        gradio.Error: If it is an address, or no file of Gradio's folder.
    """
    folder = Path(get_upload_folder()).resolve()
    if not Path(path).resolve().is_relative_to(folder):
        raise gr.Error(REFUSED, print_exception=False)


class _UploadedData(ImageData):

    @field_validator('path')
    @classmethod
    def _is_upload(cls, path: str | None) -> str | None:
        if path is not None:
            check_upload(path)
        return path


class UploadedImage(gr.Image):
    """Gradio's image component for visitors who are not trusted.

    Gradio itself looks at a path only if the request marks it as one of a
    file, and downloads from addresses.
    """

    is_template = True  # in the browser it is Gradio's own
    data_model = _UploadedData

    async def async_move_resource_to_block_cache(
            self, url_or_file_path: str | Path | None) -> Any:
        """As Gradio's, for uploaded files only."""
        if url_or_file_path is not None:
            check_upload(url_or_file_path)
        return await super().async_move_resource_to_block_cache(
            url_or_file_path)
