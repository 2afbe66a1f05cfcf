"""Small copies of datasets in the layouts their authors give out.

Faces are noise. Each has what its readers must not stumble over.
"""

from pathlib import Path

import cv2
import numpy as np

from ipdfer_mm.datasets.manifest import HEADER

VOTES = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,' \
    'disgust,fear,contempt,unknown,NF'
FERPLUS_SPLITS = (('Training', 'FER2013Train'), ('PublicTest', 'FER2013Valid'),
                  ('PrivateTest', 'FER2013Test'))
AFFECTNET_HEADER = (
    'subDirectory_filePath,face_x,face_y,face_width,face_height,'
    'facial_landmarks,expression,valence,arousal')
YAWS = ('-3', '14.5', '25', '-33', '61', '')
SFEW_FOLDERS = ('Angry', 'Disgust', 'Fear', 'Happy', 'Neutral', 'Sad',
                'Surprise')


def write_image(path: Path, width: int = 48, height: int = 48,
                seed: int = 0) -> None:
    """Write coarse noise; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(noise, (width, height)))


def write_manifest(root: Path) -> None:
    """Write a manifest of all images, each its own aligned one."""
    paths = [path.relative_to(root).as_posix()
             for path in sorted(root.rglob('*'))
             if path.suffix.lower() in ('.jpg', '.png')]
    rest = ',' * (len(HEADER) - 3)
    rows = [f'{path},{path},{YAWS[i % len(YAWS)]}{rest}'
            for i, path in enumerate(paths)]
    (root / 'prepared').mkdir()
    (root / 'prepared/manifest.csv').write_text(
        '\n'.join([','.join(HEADER), *rows]))


def make_rafdb(root: Path, num_train: int, num_test: int) -> Path:
    """RAF-DB; the images of a split are of the seven classes in turn."""
    lines = []
    for split, count in (('train', num_train), ('test', num_test)):
        for index in range(count):
            name = f'{split}_{index + 1:05d}'
            write_image(root / f'basic/Image/aligned/{name}_aligned.jpg', 100,
                        100, len(lines))
            lines.append(f'{name}.jpg {index % 7 + 1}\n')
    (root / 'basic/EmoLabel').mkdir()
    (root / 'basic/EmoLabel/list_patition_label.txt').write_text(
        ''.join(lines))
    return root


def make_ferplus(root: Path, copies: int = 1) -> Path:
    """FERPlus with FER2013's pixels: each emotion `copies` times in a split.

    The first row of each split has no name, so names and row numbers differ
    as in the real file; all pixels of row i, from 0, are i.
    """
    root.mkdir(parents=True, exist_ok=True)
    votes, pixels = [VOTES], ['emotion,pixels,Usage']
    number = 0
    for usage, _ in FERPLUS_SPLITS:
        for emotion in (None, *[*range(8)] * copies):
            counts = ['0'] * 10
            counts[9 if emotion is None else emotion] = '10'
            name = '' if emotion is None else f'fer{number:07d}.png'
            number += emotion is not None
            pixels.append(f'0,{" ".join([str(len(votes) - 1)] * 2304)},'
                          f'{usage}')
            votes.append(','.join([usage, name, *counts]))
    (root / 'fer2013new.csv').write_text('\n'.join(votes) + '\n')
    (root / 'fer2013.csv').write_text('\n'.join(pixels) + '\n')
    return root


def landmark_text(x: float, y: float, size: float) -> str:
    """68 landmarks in a square, whose five points are a frontal face."""
    points = np.full((68, 2), 0.5)
    points[36:42] = 0.3, 0.4
    points[42:48] = 0.7, 0.4
    points[30] = 0.5, 0.6
    points[48] = 0.35, 0.8
    points[54] = 0.65, 0.8
    values = points * size + (x, y)
    return ';'.join(f'{value:.3f}' for value in values.ravel())


def affectnet_row(path: str, label: object, box=(40, 20, 60, 70)) -> str:
    """A row of a list, with landmarks in the box."""
    cells = [str(value) for value in box]
    return ','.join([path, *cells, landmark_text(box[0], box[1], box[2]),
                     str(label), '0.1', '-2'])


def make_affectnet(root: Path, copies: int = 1) -> Path:
    """Release of 2017; the list of validation has no header.

    Each of the 11 labels `copies` times; the last three have no image.
    """
    for name, header in (('training', True), ('validation', False)):
        rows = [affectnet_row(f'{i % 3}/{name}{i}.jpg', i % 11)
                for i in range(11 * copies)]
        for i in (i for i in range(11 * copies) if i % 11 < 8):
            write_image(root / f'Manually_Annotated_Images/{i % 3}/{name}{i}'
                        '.jpg', 160, 120)
        path = root / f'Manually_Annotated_file_lists/{name}.csv'
        path.parent.mkdir(exist_ok=True)
        lines = [AFFECTNET_HEADER, *rows] if header else rows
        path.write_text('\r\n'.join(lines))
    return root


def make_affectnet_new(root: Path) -> Path:
    """The later release; label and id are the same, but for 12, happiness."""
    for name in ('train_set', 'val_set'):
        (root / name / 'annotations').mkdir(parents=True)
        for i in (*range(11), 12):
            label = 1 if i == 12 else i
            # As a number, as text, and as text of one value.
            value = (np.array(label), np.array(str(label)),
                     np.array([f'{label}.0']))[i % 3]
            stem = root / f'{name}/annotations/{i}'
            np.save(f'{stem}_exp.npy', value)
            for other in ('val', 'aro', 'lnd'):
                np.save(f'{stem}_{other}.npy', np.array('-2.0'))
            write_image(root / f'{name}/images/{i}.jpg', 64, 64)
    return root


def make_sfew(root: Path, copies: int = 1) -> Path:
    """Aligned faces, those of val nested, and frames in SFEW_2.0.

    Each expression `copies` times in each folder.
    """
    face, frame = (36, 45), (72, 58)
    for folder, size in (
            ('Train_Aligned_Faces', face),
            ('Val_Aligned_Faces_new/Val_Aligned_Faces', face),
            ('SFEW_2.0/Train', frame), ('SFEW_2.0/Val/Val', frame)):
        for i, word in enumerate(SFEW_FOLDERS * copies):
            name = f'Airheads_{i:09d}_00000005.png'
            write_image(root / folder / word / name, *size)
        (root / folder / 'Angry/Thumbs.db').touch()
    return root


def make_ckplus(root: Path, num_subjects: int = 12) -> Path:
    """CK+ with one labeled sequence a subject, and one that is not."""
    landmarks = ''.join(f'   {value}e+00'
                        for value in landmark_text(10, 5, 40).split(';'))
    for i in range(num_subjects):
        for number in ('001', '002'):
            sequence = f'S{5 + 3 * i:03d}/{number}'
            emotion = root / 'Emotion' / sequence
            points = root / 'Landmarks' / sequence
            for folder in (emotion, points):
                folder.mkdir(parents=True)
            for frame in range(1, 7):
                name = f'{sequence.replace("/", "_")}_{frame:08d}'
                write_image(
                    root / f'cohn-kanade-images/{sequence}/{name}.png', 64, 49)
                (points / f'{name}_landmarks.txt').write_text(landmarks)
            if number == '001':
                (emotion / f'{name}_emotion.txt').write_text(
                    f'   {i % 7 + 1}.0000000e+00\n')
    return root
