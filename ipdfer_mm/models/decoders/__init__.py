"""Decoders."""

from .face_decoder import FaceDecoder

__all__ = ['FaceDecoder']
