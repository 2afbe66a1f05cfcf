"""What the page does with requests that its own script would not send."""

import json
import urllib.request
import uuid

import cv2
import numpy as np
import pytest

LOOK, CAMERA = 0, 4  # numbers of `look_at_upload` and `look_at_frame`
FILE = {'_type': 'gradio.FileData'}


def call(address, number, *data):
    """What the page answers: whether all went well, and the output."""
    session = uuid.uuid4().hex
    content = dict(data=data, fn_index=number, session_hash=session)
    urllib.request.urlopen(urllib.request.Request(
        f'{address}gradio_api/queue/join', json.dumps(content).encode(),
        {'Content-Type': 'application/json'})).read()
    with urllib.request.urlopen(
            f'{address}gradio_api/queue/data?session_hash={session}',
            timeout=60) as answer:
        for line in answer:
            message = json.loads(line.removeprefix(b'data: ') or b'{}'
                                 ) if line.startswith(b'data: ') else {}
            if message.get('msg') == 'process_completed':
                return message['success'], json.dumps(message['output'])
    raise AssertionError('no answer')


def upload(address, path):
    """Path of a file on the side of the page."""
    boundary = uuid.uuid4().hex
    body = (f'--{boundary}\r\nContent-Disposition: form-data; name="files"; '
            f'filename="{path.name}"\r\nContent-Type: image/png\r\n\r\n'
            ).encode() + path.read_bytes() + f'\r\n--{boundary}--\r\n'.encode()
    with urllib.request.urlopen(urllib.request.Request(
            f'{address}gradio_api/upload', body,
            {'Content-Type': f'multipart/form-data; boundary={boundary}'})
            ) as answer:
        (name, ) = json.loads(answer.read())
    return name


@pytest.fixture
def private(tmp_path, examples):
    """Files of the user that nobody has uploaded."""
    image, text = tmp_path / 'private.png', tmp_path / 'notes.txt'
    image.write_bytes(examples['surprise'].read_bytes())
    text.write_text('mine')
    return image, text


@pytest.mark.parametrize('meta', [{}, dict(meta=FILE)])
@pytest.mark.parametrize('number', [LOOK, CAMERA])
def test_other_files_are_neither_read_nor_deleted(page, private, number, meta):
    for path in private:
        data = [{'path': str(path), **meta}]
        if number == CAMERA:
            data.append(None)
        success, output = call(page.address, number, *data)
        assert not success
        assert 'base64' not in output and 'surprise' not in output
        assert path.is_file()


@pytest.mark.parametrize('number, before, after', [
    (LOOK, 0, 0), (1, 0, 0), (2, 1, 0), (3, 2, 0), (CAMERA, 0, 1)])
def test_nothing_is_fetched(page, number, before, after):
    """Whichever component is sent an address."""
    address = {'path': 'http://127.0.0.1:9/face.png', 'meta': FILE}
    success, output = call(page.address, number, *[None] * before, address,
                           *[None] * after)
    assert not success and 'uploaded' in output


def test_two_visitors_with_the_same_image(page, private):
    """One file for Gradio, which is deleted when the first was served."""
    paths = [upload(page.address, private[0]) for _ in range(2)]
    assert paths[0] == paths[1]
    for path in paths:
        success, output = call(page.address, LOOK, {
            'path': path, 'meta': FILE, 'orig_name': 'private.png'})
        assert success and 'surprise' in output
    assert not list(page.folder.rglob('private.png'))


def test_an_example_is_not_deleted(page, examples):
    (copy, ) = {path for path in page.folder.rglob(examples['surprise'].name)
                if 'gradio' in path.parts}
    success, output = call(page.address, LOOK, {
        'path': str(copy), 'meta': FILE})
    assert success and 'surprise' in output
    assert copy.is_file()


def test_a_strip_is_no_face(page, tmp_path):
    cv2.imwrite(str(tmp_path / 'strip.png'), np.zeros((1, 10000), np.uint8))
    path = upload(page.address, tmp_path / 'strip.png')
    success, output = call(page.address, LOOK, {'path': path, 'meta': FILE})
    assert success and 'No face was found' in output
