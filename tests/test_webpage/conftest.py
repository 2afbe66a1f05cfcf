"""The shipped model behind a page, and a browser that looks at it."""

import shutil
from pathlib import Path
from typing import NamedTuple

import cv2
import pytest

from ipdfer_mm.apis import ExpressionInferencer
from ipdfer_mm.webpage.examples import EXAMPLES, render_examples

PROGRAMS = ('chromium', 'chromedriver')
FLAGS = ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic',
         '--disable-dev-shm-usage', '--no-first-run',
         '--disable-background-networking', '--disable-component-update',
         '--disable-sync', '--window-size=1280,900',
         '--use-fake-ui-for-media-stream',
         '--use-fake-device-for-media-stream')


class Page(NamedTuple):
    """An address, and the folder with the files of the page."""

    address: str
    folder: Path


@pytest.fixture(scope='session')
def inferencer():
    return ExpressionInferencer('ipdfer_rendered', device='cpu')


@pytest.fixture(scope='session')
def examples(tmp_path_factory) -> dict[str, Path]:
    """Example images by name."""
    paths = render_examples(tmp_path_factory.mktemp('examples'))
    return dict(zip(EXAMPLES, paths))


@pytest.fixture(scope='module')
def page(inferencer, examples, tmp_path_factory):
    pytest.importorskip('gradio', reason='gradio is not installed')
    from ipdfer_mm.webpage import server
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp('page')
        patch.setattr('tempfile.tempdir', str(folder))
        patch.setattr(server, 'render_examples',
                      lambda folder: list(examples.values()))
        with server.running_page(inferencer, 'ipdfer_rendered') as address:
            yield Page(address, folder)
        assert not list(folder.iterdir())  # nothing is left


@pytest.fixture(scope='session')
def film(examples, tmp_path_factory) -> Path:
    """What the camera of the browser sees: a surprised face that stays."""
    path = tmp_path_factory.mktemp('film') / 'camera.mjpeg'
    face = cv2.resize(cv2.imread(str(examples['surprise'])), (480, 480))
    frame = cv2.copyMakeBorder(face, 0, 0, 80, 80, cv2.BORDER_REPLICATE)
    path.write_bytes(10 * cv2.imencode('.jpg', frame)[1].tobytes())
    return path


@pytest.fixture(scope='module')
def browser(film, tmp_path_factory):
    webdriver = pytest.importorskip('selenium.webdriver',
                                    reason='selenium is not installed')
    paths = {name: shutil.which(name) for name in PROGRAMS}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        pytest.skip(f'{" and ".join(missing)} not found: apt-get install '
                    'chromium chromium-driver')
    options = webdriver.ChromeOptions()
    options.binary_location = paths['chromium']
    for flag in (*FLAGS, f'--use-file-for-fake-video-capture={film}',
                 f'--user-data-dir={tmp_path_factory.mktemp("web")}'):
        options.add_argument(flag)
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL'})
    driver = webdriver.Chrome(
        options, webdriver.ChromeService(paths['chromedriver']))
    yield driver
    driver.quit()
