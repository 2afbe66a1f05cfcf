"""Discriminators."""

from .expression_discriminator import ExpressionDiscriminator

__all__ = ['ExpressionDiscriminator']
