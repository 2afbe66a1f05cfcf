"""Try a model in the browser, on images or with the camera.

The page runs on this computer, needs no network, and stores no images.
Ctrl-C ends it.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from ipdfer_mm.apis import (
    DEFAULT_MODEL,
    ExpressionInferencer,
    list_models,
)
from ipdfer_mm.utils.messages import escape_unprintable


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--model',
        default=DEFAULT_MODEL,
        help='a config, or a name, with which the checkpoint is known: '
        f'{", ".join(list_models())} (default: %(default)s)')
    parser.add_argument('--checkpoint', help='checkpoint of the config')
    parser.add_argument(
        '--device', help='such as cpu or cuda:0; the GPU if there is one')
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen on; 0.0.0.0 lets all in the network '
        'use the page, but browsers then refuse the camera (default: '
        '%(default)s)')
    parser.add_argument(
        '--port', type=int, help='the first free one from 7860 if left out')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load pickled objects, which can run any code')
    return parser.parse_args(argv)


def serve(args: argparse.Namespace) -> None:
    """Show the page until Ctrl-C."""
    try:
        from ipdfer_mm.webpage.server import running_page
    except ModuleNotFoundError as error:
        if error.name != 'gradio':
            raise
        raise ImportError('The page needs gradio: pip install '
                          '"gradio>=6.31,<7"') from error
    inferencer = ExpressionInferencer(
        args.model, args.checkpoint or True, args.device,
        trust_checkpoint=args.trust_checkpoint)
    print('Rendering the examples ...', flush=True)
    with running_page(inferencer, args.model, args.host,
                      args.port) as address:
        print(f'The page is at {address} until Ctrl-C.', flush=True)
        threading.Event().wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Returns:
        int: The exit status.
    """
    # So that the temporary folder is removed then, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve(parse_args(argv))
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('Stopped.')
    return 0


if __name__ == '__main__':
    escape_unprintable()
    sys.exit(main())
