"""Docstrings are written in OpenMMLab's way; the site reads Markdown."""

import re

import griffe

REPLACEMENTS = (
    (re.compile(r'\\(?=(lambda|beta|sqrt)\b)'), ''),  # of formulas
    (re.compile(r':(?:\w+:)?\w+:`~[\w.]+\.(\w+)`'), r'`\1`'),
    (re.compile(r':(?:\w+:)?\w+:(`[^`]+`)'), r'\1'),  # roles: :class:`X`
    (re.compile(r'`([^`<]+?)\s*<([^>`]+)>`__?'), r'[\1](\2)'),  # links
    (re.compile(r'^\s*\.\. (?:code|math)::.*$', re.MULTILINE), ''),
    (re.compile(r'^[ \t]*::$', re.MULTILINE), ''),  # an indented block follows
    (re.compile(r'::$', re.MULTILINE), ':'),
)


class ReadAsMarkdown(griffe.Extension):
    """Turn the roles, links and literal blocks of docstrings to Markdown."""

    def on_object(self, *, obj: griffe.Object, **kwargs) -> None:
        """Change the docstring of an object as soon as it is collected."""
        if obj.docstring:
            for pattern, replacement in REPLACEMENTS:
                obj.docstring.value = pattern.sub(
                    replacement, obj.docstring.value)
