"""What a trained model does: recognition, disentangling, synthesis.

Its modules are imported by name: each has heavy dependencies of its own.
"""
