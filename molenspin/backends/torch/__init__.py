"""The torch backend: tensors on CPU or GPU, fused Triton kernels on CUDA, gradients through short runs.

PyTorch is an optional extra: nothing else in the package imports this one.
"""

from molenspin.backends.torch.backend import TorchBackend

__all__ = ["TorchBackend"]
