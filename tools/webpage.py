"""Try a model in the browser, on images or with the camera.

The page runs on this computer, needs no network, and stores no images.
Ctrl-C ends it.
"""

import argparse
import signal
import threading
from collections.abc import Sequence

from ipdfer_mm.apis.arguments import (
    add_inferencer_arguments,
    build_inferencer,
)
from ipdfer_mm.utils.cli import explained


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_inferencer_arguments(parser)
    parser.add_argument(
        '--host', default='127.0.0.1',
        help='address to listen on; 0.0.0.0 lets all in the network '
        'use the page, but browsers then refuse the camera (default: '
        '%(default)s)')
    parser.add_argument(
        '--port', type=int, help='the first free one from 7860 if left out')
    args = parser.parse_args(argv)
    if args.port is not None and not 0 < args.port < 2**16:
        parser.error('--port must be 1 to 65535')
    return args


def serve(args: argparse.Namespace) -> None:
    """Show the page until Ctrl-C."""
    try:
        from ipdfer_mm.webpage.server import running_page
    except ModuleNotFoundError as error:
        if error.name != 'gradio':
            raise
        raise ImportError('The page needs gradio: pip install '
                          '"gradio>=6.31,<7"') from error
    inferencer = build_inferencer(args)
    print('Rendering the examples ...', flush=True)
    with running_page(inferencer, args.model, args.host,
                      args.port) as address:
        print(f'The page is at {address} until Ctrl-C.', flush=True)
        threading.Event().wait()


@explained(ImportError, OSError, RuntimeError, ValueError)
def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool."""
    # So that the temporary folder is removed then, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve(parse_args(argv))
    except KeyboardInterrupt:
        print('Stopped.')


if __name__ == '__main__':
    main()
