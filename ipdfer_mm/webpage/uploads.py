"""What requests to the page may name: files that were uploaded to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
from gradio import processing_utils
from gradio.data_classes import ImageData
from gradio.utils import get_upload_folder
from pydantic import field_validator

REFUSED = 'Only files that were uploaded to this page are opened.'
# What Gradio downloads with, whatever component is sent an address.
DOWNLOADS = ('ssrf_protected_download', 'async_ssrf_protected_download')


def check_upload(path: str | Path) -> None:
    """Refuse a path that a visitor made up.

    Args:
        path (str or Path): What the request says.

    Raises:
        gradio.Error: If it is an address, or no file of Gradio's folder.
    """
    folder = Path(get_upload_folder()).resolve()
    if not Path(path).resolve().is_relative_to(folder):
        raise gr.Error(REFUSED, print_exception=False)


class UploadedData(ImageData):
    """What a request says of an image; an upload, or the image itself.

    Gradio looks at the path only if the request marks it as one of a file.
    """

    @field_validator('path')
    @classmethod
    def _is_upload(cls, path: str | None) -> str | None:
        if path is not None:
            check_upload(path)
        return path


@contextmanager
def without_downloads() -> Iterator[None]:
    """Let Gradio download nothing inside of the block."""

    def refuse(*args, **kwargs) -> None:
        raise gr.Error(REFUSED, print_exception=False)

    before = {name: getattr(processing_utils, name) for name in DOWNLOADS}
    for name in before:
        setattr(processing_utils, name, refuse)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(processing_utils, name, function)
