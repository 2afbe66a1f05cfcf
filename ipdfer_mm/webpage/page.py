"""The page: its parts, and what happens when they are used."""

import time
from collections import deque
from collections.abc import Sequence
from filecmp import cmp
from pathlib import Path

import gradio as gr
import numpy as np

from ipdfer_mm.apis import ExpressionInferencer, Face
from ipdfer_mm.visualization.saving import encode_figure

from .faces import can_synthesize, recognize, scale_expression, take_apart
from .live import LiveFaces
from .markup import (
    drawn_image,
    face_row,
    heading,
    note,
    pose_table,
    probability_bars,
    timeline_image,
)
from .uploads import UploadedData, check_upload

TITLE = 'Facial expressions'
CONSENT = ('Images stay on the computer that runs this page and are not '
           'stored. Please ask the subjects in them first.')
LIMITS = {
    'ipdfer_ferplus': 'It was trained on gray photographs of the web. ',
    'ipdfer_rendered': 'It knows rendered subjects only. ',
}
WELCOME = 'Upload an image, take one with the camera, or choose an example.'
LIVE = ('Start the camera to see the expressions as they change. Each frame '
        'is forgotten once it is drawn, the numbers after a minute.')
NO_FACE = ('No face was found. Try an image that shows a face larger, '
           'upright and not quite from the side.')
UNREADABLE = ('{} cannot be read: it is damaged, or no image. Try a JPEG or '
              'PNG file.')
ONLY_CLASSIFIES = ('This model only classifies. A model of IPD-FER, such as '
                   'ipdfer_ferplus, also takes faces apart into identity, '
                   'pose and expression.')
# What is shown of `IPDFERModel.synthesize`, with a pose encoder or without.
CAPTIONS = {
    'identity': 'identity alone',
    'neutral': 'identity + pose: the neutral face',
    'reconstruction': 'identity + pose + expression',
}
CAPTIONS_WITHOUT_POSE = {
    'neutral': 'identity: the neutral face',
    'reconstruction': 'identity + expression',
}
MAX_AMOUNT = 1.5  # of the expression
# The model works on one thing at a time.
ONE_AT_A_TIME = dict(concurrency_id='model', concurrency_limit=1,
                     api_visibility='private')
# A camera is a task that lasts; Gradio hands out its newest frame and drops
# the others.
CAMERA = dict(stream_every=.1, time_limit=None, concurrency_id='camera',
              concurrency_limit=2, show_progress='hidden',
              api_visibility='private')
REDRAW = 1  # seconds from one timeline to the next
MAX_AGE = 3600  # seconds, of a file that nobody has looked at
KEEP = 3  # images whose faces are known for who uploads the same one


class ExpressionPage:
    """Builds the page; :func:`running_page` shows it.

    Args:
        inferencer (ExpressionInferencer): The model.
        name (str): How it is called.
        examples (Sequence[Path]): Example images.
    """

    def __init__(self, inferencer: ExpressionInferencer, name: str,
                 examples: Sequence[Path]) -> None:
        self.inferencer = inferencer
        self.synthesizes = can_synthesize(inferencer)
        self.captions = (
            CAPTIONS if getattr(inferencer.model, 'pose_encoder', None)
            is not None else CAPTIONS_WITHOUT_POSE)
        self.examples = list(examples)
        # Of the last files: two visitors can upload the same one, which is
        # one file for Gradio.
        self._last: deque[tuple[Path, dict]] = deque(maxlen=KEEP)
        # What is left behind when the browser goes away meanwhile, and not
        # what waits for its turn.
        with gr.Blocks(title=TITLE, analytics_enabled=False,
                       delete_cache=(60, MAX_AGE)) as self.blocks:
            gr.HTML(heading(TITLE, f'Model: {name}. '
                            f'{LIMITS.get(name, "")}{CONSENT}'),
                    elem_id='heading')
            with gr.Tab('Image'), gr.Row():
                with gr.Column(scale=2, min_width=280):
                    self._lay_out_inputs()
                with gr.Column(scale=5):
                    self._lay_out_results()
            with gr.Tab('Live camera', elem_id='live'):
                self._lay_out_camera()
            self._connect()

    def _lay_out_inputs(self) -> None:
        self.image = gr.Image(
            type='filepath', sources=['upload', 'webcam', 'clipboard'],
            label='Image', height=260, buttons=[], elem_id='image')
        self.image.data_model = UploadedData
        self.example = gr.Dataset(
            samples=[[str(path)] for path in self.examples],
            components=['image'], type='index', elem_id='examples',
            label='Examples (rendered, not real subjects)')

    def _lay_out_results(self) -> None:
        self.faces = gr.State(())
        self.message = gr.HTML(note(WELCOME), elem_id='message')
        self.chooser = gr.Radio([], type='index', show_label=False,
                                container=False, visible=False,
                                elem_id='chooser')
        self.drawn = _html('drawn')
        with gr.Row(visible=False) as self.numbers:
            self.probabilities = _html('probabilities')
            self.pose = _html('pose')
        with gr.Column(visible=False) as self.apart:
            with gr.Row():
                with gr.Column(scale=3, min_width=520):
                    self.parts = _html('parts')
                with gr.Column(scale=1, min_width=130):
                    self.scaled = _html('scaled')
            self.amount = gr.Slider(
                0, MAX_AMOUNT, 1, step=.05, elem_id='amount',
                label='Expression of the last face: 0 is neutral, 1 as it is')
        self.plain = gr.HTML(note(ONLY_CLASSIFIES), visible=False,
                             elem_id='plain')

    def _lay_out_camera(self) -> None:
        gr.HTML(note(LIVE))
        with gr.Row():
            self.camera = gr.Image(
                type='numpy', sources=['webcam'], streaming=True,
                label='Camera', height=360, buttons=[], elem_id='camera')
            self.camera.data_model = UploadedData
            self.live_drawn = _html('live_drawn')
        self.timeline = _html('timeline')
        self.live = gr.State()

    def _connect(self) -> None:
        results = [
            self.image, self.faces, self.message, self.chooser,
            self.numbers, self.drawn, self.probabilities, self.pose,
            self.apart, self.parts, self.scaled, self.amount, self.plain
        ]
        # Unchanged, not as Gradio would read it: our reader says what is
        # wrong with a file.
        self.image.input(self.look_at_upload, self.image, results,
                         preprocess=False, **ONE_AT_A_TIME)
        self.example.click(self.look_at_example, self.example, results,
                           **ONE_AT_A_TIME)
        self.chooser.input(self.choose, [self.faces, self.chooser], results,
                           **ONE_AT_A_TIME)
        self.amount.input(
            self.scale, [self.faces, self.chooser, self.amount], self.scaled,
            show_progress='hidden', trigger_mode='always_last',
            **ONE_AT_A_TIME)
        self.camera.stream(
            self.look_at_frame, [self.camera, self.live],
            [self.live, self.live_drawn, self.timeline], **CAMERA)

    def look_at_upload(self, upload: dict | None) -> dict:
        """Show what is found in an uploaded file, and delete the file.

        Args:
            upload (dict, optional): ``path`` and ``orig_name`` of the file;
                None if the image was taken away.

        Returns:
            dict: Updates by component.

        Raises:
            gradio.Error: If the file was not uploaded.
        """
        if upload is None:
            return self._say(note(WELCOME))
        path = Path(upload['path'])
        check_upload(path)
        for known, updates in self._last:
            if known == path and not path.exists():
                return updates
        try:
            updates = self._look_at(path)
            self._last.append((path, updates))
            return updates
        except OSError:  # which names the temporary file
            text = UNREADABLE.format(upload.get('orig_name') or path.name)
            return self._say(note(text, True))
        finally:
            # The thumbnails of the examples are among Gradio's files.
            if path.is_file() and not any(
                    path.name == example.name
                    and cmp(path, example, shallow=False)
                    for example in self.examples):
                path.unlink(missing_ok=True)

    def look_at_example(self, index: int) -> dict:
        """Show what is found in an example.

        Args:
            index (int): Which one.

        Returns:
            dict: Updates by component.
        """
        return self._look_at(self.examples[index])

    def look_at_frame(self, frame: np.ndarray | None,
                      live: LiveFaces | None) -> dict:
        """Show what is found in a frame of the camera.

        Args:
            frame (np.ndarray, optional): RGB, uint8 (H, W, 3).
            live (LiveFaces, optional): The frames before; None at first.

        Returns:
            dict: Updates by component.
        """
        if frame is None:  # the camera is off
            return {self.live: None}
        now = time.monotonic()
        live = live or LiveFaces(self.inferencer)
        updates = {
            self.live: live,
            self.live_drawn: drawn_image(live.look(frame, now)),
        }
        if now >= live.drawn_at + REDRAW:
            live.drawn_at = now
            updates[self.timeline] = timeline_image(
                encode_figure(live.timeline(), dpi=80))
        return updates

    def choose(self, faces: tuple[Face, ...], index: int) -> dict:
        """Show another face of the image.

        Args:
            faces (tuple[Face]): The faces of the image.
            index (int): Which one.

        Returns:
            dict: Updates by component.
        """
        face = faces[index]
        updates: dict = {
            self.probabilities: probability_bars(face.probabilities),
            self.pose: pose_table(face.angles),
        }
        if self.synthesizes:
            images = take_apart(self.inferencer, face)
            columns = {'input, aligned': face.aligned}
            columns.update((caption, images[part])
                           for part, caption in self.captions.items())
            updates[self.parts] = face_row(columns)
            updates[self.amount] = 1
            updates[self.scaled] = self.scale(faces, index, 1)
        return updates

    def scale(self, faces: tuple[Face, ...], index: int,
              amount: float) -> str:
        """Show a face with more or less of its expression.

        Args:
            faces (tuple[Face]): The faces of the image.
            index (int): Which one.
            amount (float): See :func:`scale_expression`.

        Returns:
            str: HTML.
        """
        image = scale_expression(self.inferencer, faces[index], amount)
        return face_row({f'with {amount:.2f} × expression': image})

    def _look_at(self, path: Path) -> dict:
        found = recognize(self.inferencer, path)
        if not found.faces:
            return {
                **self._say(note(NO_FACE, True)),
                self.drawn: drawn_image(found.drawn),
            }
        names = [f'{number}: {face.label}'
                 for number, face in enumerate(found.faces, 1)]
        return {
            **self._show(True),
            **self.choose(found.faces, 0),
            self.faces: found.faces,
            self.message: gr.update(visible=False),
            self.drawn: drawn_image(found.drawn),
            self.chooser: gr.update(choices=names, value=names[0],
                                    visible=len(names) > 1),
        }

    def _say(self, message: str) -> dict:
        return {
            **self._show(False),
            self.faces: (),
            self.drawn: '',
            self.message: gr.update(value=message, visible=True),
            self.chooser: gr.update(choices=[], value=None, visible=False),
        }

    def _show(self, found: bool) -> dict:
        return {
            self.image: None,  # its file is gone
            self.numbers: gr.update(visible=found),
            self.apart: gr.update(visible=found and self.synthesizes),
            self.plain: gr.update(visible=found and not self.synthesizes),
        }


def _html(name: str) -> gr.HTML:
    """An empty part of the page that has our style alone."""
    return gr.HTML(elem_id=name, apply_default_css=False)
