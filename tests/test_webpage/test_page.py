"""What users see and do, in a browser."""

import json
import re
import shutil
import socket

import cv2
import numpy as np
import pytest
from helpers.html_parts import cells, decode
from helpers.tiny_run import save_plain_classifier

from ipdfer_mm.apis import ExpressionInferencer

TIMEOUT = 60  # seconds
PARTS = ('#parts', '#scaled')


class Visitor:
    """Uses the page as subjects do, and sees what they see."""

    def __init__(self, browser, address):
        from selenium.webdriver.support.ui import WebDriverWait
        self.browser = browser
        self.wait = WebDriverWait(browser, TIMEOUT, poll_frequency=.1)
        browser.get(address)
        self.until(lambda: self.find('#image input[type=file]'))

    def find(self, selector):
        return self.browser.find_elements('css selector', selector)

    def until(self, condition):
        from selenium.common.exceptions import StaleElementReferenceException

        def met(_):
            try:
                return condition()
            except StaleElementReferenceException:  # just being replaced
                return False
        return self.wait.until(met)

    def html(self, selector):
        """HTML of what is seen of a part; empty if it is not seen."""
        return ''.join(element.get_attribute('innerHTML')
                       for element in self.find(selector)
                       if element.is_displayed())

    def upload(self, path):
        (chooser, ) = self.find('#image input[type=file]')
        chooser.send_keys(str(path))

    def wait_for_face(self, face):
        """Until the numbers are those of a face."""
        shown = [f'{share:.1%}' for share in face.probabilities.values()]
        angles = [f'{round(angle):+d}°'.replace('+0°', '0°')
                  for angle in face.angles]
        # Of both: another face may have the same probabilities.
        self.until(
            lambda: cells(self.html('#probabilities'))[1::3] == shown
            and cells(self.html('#pose'))[1::3] == angles)
        assert cells(self.html('#probabilities'))[::3] == list(
            face.probabilities)

    def images(self, selector):
        """Images that are seen of a part."""
        return decode(self.html(selector))

    def wait_for_images(self, selector, *expected):
        """Until they are those of a part."""
        self.until(lambda: similar(self.images(selector), expected))


@pytest.fixture(scope='module')
def visitor(browser, page):
    return Visitor(browser, page.address)


@pytest.fixture(scope='module')
def used(visitor, inferencer, examples, tmp_path_factory):
    """The page with a face on it, whatever ran before."""
    path = tmp_path_factory.mktemp('used') / 'mirrored.png'
    cv2.imwrite(str(path), cv2.flip(cv2.imread(str(examples['surprise'])), 1))
    ((face, ), ) = (result.faces for result in inferencer(
        [path], synthesis=True))
    visitor.upload(path)
    visitor.wait_for_face(face)
    visitor.wait_for_images('#scaled', face.reconstruction)
    return visitor


def similar(first, second):
    """Whether images are the same, decoded in batches of another size."""
    return len(first) == len(second) and all(
        a.shape == b.shape and np.abs(a.astype(int) - b).max() <= 1
        for a, b in zip(first, second))


def test_upload(visitor, page, inferencer, examples, tmp_path):
    path = shutil.copy(examples['surprise'], tmp_path / 'uploaded.png')
    ((face, ), ) = (result.faces for result in inferencer(
        [path], synthesis=True))
    assert face.label == 'surprise'
    assert 'not stored' in visitor.html('#heading')
    visitor.upload(path)
    visitor.wait_for_face(face)
    visitor.wait_for_images('#scaled', face.reconstruction)
    (drawn, ) = visitor.images('#drawn')
    assert drawn.shape == (360, 360, 3)  # 256 pixels, enlarged
    # Something is drawn on the edges of the box, and nothing far from it.
    plain = cv2.resize(cv2.imread(str(path)), (360, 360))
    changed = np.abs(drawn.astype(int) - plain).max(axis=2) > 60
    left, top, right, bottom = ((face.box + .5) * 360 / 256).astype(int)
    assert changed[top + 20:bottom - 20, [left, right]].mean() > .5
    assert not changed[:, :left // 2].any()
    given, identity, *others = visitor.images('#parts')
    np.testing.assert_array_equal(given, face.aligned)
    assert similar(others, [face.neutral, face.reconstruction])
    assert np.abs(identity.astype(int) - face.neutral).max() > 20
    assert visitor.html('#chooser') == ''  # there is one face
    assert not list(page.folder.rglob('uploaded.png'))


def move_slider(visitor, key):
    from selenium.webdriver.common.keys import Keys
    (slider, ) = visitor.find('#amount input[type=range]')
    slider.send_keys(getattr(Keys, key))


def test_slider(used):
    """From exaggerated to neutral."""
    visitor = used
    _, _, neutral, rebuilt = visitor.images('#parts')
    assert np.abs(neutral.astype(int) - rebuilt).max() > 20
    move_slider(visitor, 'END')
    visitor.until(lambda: 'with 1.50' in visitor.html('#scaled'))
    (exaggerated, ) = visitor.images('#scaled')
    distances = [np.abs(exaggerated.astype(int) - other).mean()
                 for other in (rebuilt, neutral)]
    assert 0 < distances[0] < distances[1]
    move_slider(visitor, 'HOME')
    visitor.until(lambda: 'with 0.00' in visitor.html('#scaled'))
    assert similar(visitor.images('#scaled'), [neutral])


def test_several_faces(visitor, inferencer, examples):
    """Of an example that is clicked on."""
    names = list(examples)
    visitor.find('#examples button')[names.index('three subjects')].click()
    ((*faces, ), ) = (result.faces for result in inferencer(
        [examples['three subjects']], synthesis=True))
    assert [face.label for face in faces] == [
        'happiness', 'surprise', 'neutral']
    visitor.wait_for_face(faces[0])
    labels = visitor.find('#chooser label')
    assert [label.text for label in labels] == [
        '1: happiness', '2: surprise', '3: neutral']
    for index in (2, 1):
        labels[index].click()
        visitor.wait_for_face(faces[index])
        visitor.wait_for_images('#scaled', faces[index].reconstruction)
        np.testing.assert_array_equal(
            visitor.images('#parts')[0], faces[index].aligned)


def test_no_face_and_bad_files(visitor, page, tmp_path):
    cv2.imwrite(str(tmp_path / 'wall.png'), np.full((150, 150, 3), 99))
    visitor.upload(tmp_path / 'wall.png')
    visitor.until(lambda: 'No face was found' in visitor.html('#message'))
    assert visitor.images('#drawn')[0].shape == (360, 360, 3)
    assert all(visitor.html(part) == '' for part in (*PARTS, '#chooser'))
    (tmp_path / '<b>.png').write_bytes(b'no image')
    visitor.upload(tmp_path / '<b>.png')
    visitor.until(lambda: 'cannot be read' in visitor.html('#message'))
    assert '.png cannot be read: it is damaged' in visitor.html('#message')
    assert visitor.images('#drawn') == []
    (tmp_path / 'text.txt').write_text('no image')
    visitor.upload(tmp_path / 'text.txt')
    visitor.until(lambda: 'text.txt' in visitor.html('.toast-body'))
    assert 'Traceback' not in visitor.browser.page_source
    assert not list(page.folder.rglob('*wall*'))


def test_live_camera(visitor, page, inferencer, film):
    """From the camera to boxes and the timeline; nothing is stored."""
    frame = cv2.imread(str(film))
    ((face, ), ) = (result.faces for result in inferencer([frame]))
    assert face.label == 'surprise'
    before = {path.name for path in page.folder.rglob('*') if path.is_file()}

    def click(selector, text):
        visitor.until(lambda: any(
            text in element.text for element in visitor.find(selector)))
        next(element for element in visitor.find(selector)
             if text in element.text).click()

    click('button[role=tab]', 'Live camera')
    click('#camera button', 'Webcam')
    click('#camera button', 'Record')
    visitor.until(lambda: visitor.images('#live_drawn'))
    (drawn, ) = visitor.images('#live_drawn')
    assert drawn.shape == frame.shape
    changed = np.abs(drawn.astype(int) - frame).max(axis=2) > 60
    left, top, right, bottom = face.box.round().astype(int)
    edges = [changed[top + 20:bottom - 20, x - 3:x + 4].any(axis=1).mean()
             for x in (left, right)]
    assert min(edges) > .5
    visitor.until(lambda: visitor.images('#timeline'))
    first = visitor.html('#timeline')
    visitor.until(lambda: visitor.html('#timeline') != first)
    click('#camera button', 'Stop')
    click('button[role=tab]', 'Image')
    # Gradio keeps what is uploaded in folders named by its hash.
    kept = {path.name for path in page.folder.rglob('*') if path.is_file()}
    assert kept <= before


def test_nothing_comes_from_elsewhere(used, page):
    """Of all that the browser asked for up to now."""
    events = [json.loads(entry['message'])['message']
              for entry in used.browser.get_log('performance')]
    urls = [event['params']['request']['url'] for event in events
            if event['method'] == 'Network.requestWillBeSent']
    urls = [url for url in urls if re.match('(http|ws)s?:', url)]
    assert len(urls) > 20
    assert [url for url in urls if not url.startswith(page.address)] == []


def test_plain_classifier(examples, tmp_path):
    pytest.importorskip('gradio', reason='gradio is not installed')
    from ipdfer_mm.webpage.page import ExpressionPage
    names = tuple('abcdefg')
    inferencer = ExpressionInferencer(
        *save_plain_classifier(tmp_path), device='cpu', classes=names)
    page = ExpressionPage(inferencer, 'plain', list(examples.values()))
    updates = page.look_at_example(list(examples).index('three subjects'))
    assert not updates[page.apart]['visible']
    assert updates[page.plain]['visible'] and updates[page.numbers]['visible']
    assert tuple(cells(updates[page.probabilities])[::3]) == names
    assert page.parts not in updates
    assert page.parts not in page.choose(updates[page.faces], 2)


def test_port_that_is_taken(inferencer, monkeypatch):
    pytest.importorskip('gradio', reason='gradio is not installed')
    from ipdfer_mm.webpage import server
    monkeypatch.setattr(server, 'render_examples', lambda folder: [])
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f'127.0.0.1, port {port}'), \
                server.running_page(inferencer, 'x', port=port):
            pass
