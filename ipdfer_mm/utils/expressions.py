"""The expressions, and the words that name them."""

from pathlib import Path

from .files import subfolders

# In the order of the labels, everywhere.
EXPRESSIONS = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness',
               'surprise')
WORDS = {
    'anger': ('anger', 'angry'),
    'disgust': ('disgust', 'disgusted'),
    'fear': ('fear', 'fearful', 'afraid', 'scared'),
    'happiness': ('happiness', 'happy'),
    'neutral': ('neutral', ),
    'sadness': ('sadness', 'sad'),
    'surprise': ('surprise', 'surprised', 'suprise'),
    'contempt': ('contempt', 'contemptuous'),
}
_NAMES = {word: name for name, words in WORDS.items() for word in words}


def expression_name(word: str) -> str | None:
    """Class that a word stands for.

    Args:
        word (str): Such as ``'Happy'``; case and spaces around do not matter.

    Returns:
        str | None: Such as ``'happiness'``; None for an unknown word.
    """
    return _NAMES.get(word.strip().lower())


def class_folders(folder: str | Path) -> dict[str, str]:
    """Folders in a folder that are named by an expression.

    Args:
        folder (str or Path): The folder.

    Returns:
        dict[str, str]: Name of each folder to its class, such as
        ``{'Angry': 'anger'}``, sorted by folder.
    """
    names = {name: expression_name(name) for name in subfolders(folder)}
    return {name: known for name, known in names.items() if known}
