"""A stand-in for a CUDA GPU: tensors that say they are on `cuda` and compute on the CPU.

What CUDA refuses, it refuses: a CPU tensor beside one of the GPU, `numpy()` of one of the GPU, a
generator of another device, a product of two precisions. While a graph is captured it also refuses
what waits for the GPU. It is for tests on a machine without a GPU, in one thread.
"""

from contextlib import contextmanager

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

GPU = torch.device("cuda", 0)
aten = torch.ops.aten
# Operations that may meet tensors of both devices.
MOVES = {aten._to_copy, aten.to, aten.copy_}
BETWEEN = {*MOVES, aten.index}
# In half precision a CPU takes long for these: they are computed in float32, and then rounded.
PRODUCTS = {aten.mm, aten.bmm, aten.addmm, aten.baddbmm, aten.convolution}
HALVES = (torch.float16, torch.bfloat16)
# What makes the CPU wait for the GPU. A stream that is captured allows none.
WAITING = {aten._local_scalar_dense.default, aten.nonzero.default, aten.masked_select.default}


class GpuTensor(torch.Tensor):
    """A tensor on the stand-in. inner: what it holds, on the CPU."""

    @staticmethod
    def __new__(cls, inner):
        with torch.inference_mode(False):  # its views need a count of versions
            layout = torch.empty_strided(
                inner.shape, inner.stride(), dtype=inner.dtype, device="meta"
            )
            made = torch.Tensor._make_subclass(
                cls, layout, False, dispatch_device=True, device_for_backend_keys=GPU
            )
        made.inner = inner
        return made

    def __repr__(self, *, tensor_contents=None):
        return f"GpuTensor({self.inner!r})"

    # With these two, `Module.to` puts it in the place of a parameter.
    def __tensor_flatten__(self):
        return ["inner"], None

    @staticmethod
    def __tensor_unflatten__(parts, context, size, stride):
        return GpuTensor(parts["inner"])

    def __deepcopy__(self, memo):
        copied = GpuTensor(self.inner.clone())
        copied._is_param = getattr(self, "_is_param", False)
        return copied

    def numpy(self, *, force=False):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def __array__(self, *args, **named):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def tolist(self):
        if StandIn.is_capturing:
            raise RuntimeError("operation not permitted when stream is capturing: tolist")
        return self.inner.tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _compute(func, args, kwargs or {})


class StandIn(TorchDispatchMode):
    """The mode in which `device="cuda"` means the stand-in. captured: how many graphs there are."""

    is_capturing = False
    captured = 0

    def __init__(self):
        super().__init__()
        # Under this key, PyTorch looks for no driver when a tensor is made on "cuda".
        self._mode_key = torch._C._TorchDispatchModeKey.FAKE

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _compute(func, args, kwargs or {})


def _compute(func, args, kwargs):
    if func is torch.ops.prim.device.default:
        return GPU
    tensors = [x for x in pytree.tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    ours = [x for x in tensors if isinstance(x, GpuTensor)]
    devices = [x for x in pytree.tree_leaves((args, kwargs)) if isinstance(x, torch.device)]
    is_ours = devices[0].type == "cuda" if devices else bool(ours)
    _refuse(func, args, tensors, ours, is_ours, kwargs.get("generator"))
    args, kwargs = pytree.tree_map(_inside, (args, kwargs))
    halves = {x.dtype for x in ours if x.dtype in HALVES}
    if func.overloadpacket in PRODUCTS and halves:
        args, kwargs = pytree.tree_map(
            lambda x: x.float() if isinstance(x, torch.Tensor) else x, (args, kwargs)
        )
        result = func(*args, **kwargs).to(halves.pop())
    else:
        result = func(*args, **kwargs)
    if not is_ours:
        return result
    given = {id(x.inner): x for x in ours}  # an operation in place returns what it was given

    def wrap(x):
        if not isinstance(x, torch.Tensor):
            return x
        return given[id(x)] if id(x) in given else GpuTensor(x)

    return pytree.tree_map(wrap, result)


def _inside(x):
    if isinstance(x, torch.device):
        return torch.device("cpu")
    return x.inner if isinstance(x, GpuTensor) else x


def _refuse(func, args, tensors, ours, is_ours, generator):
    """Raise what CUDA would."""
    others = [x for x in tensors if not isinstance(x, GpuTensor) and x.dim()]
    if ours and others and func.overloadpacket not in BETWEEN:
        raise RuntimeError(f"{func}: expected all tensors to be on the same device, cuda:0 and cpu")
    if func.overloadpacket is aten.index and ours and not isinstance(args[0], GpuTensor):
        raise RuntimeError("indices should be on the device of the indexed tensor (cpu)")
    if generator is not None and is_ours and generator.device.type != "cuda":
        raise RuntimeError("expected a 'cuda' device type for generator but found 'cpu'")
    floats = {x.dtype for x in ours if x.is_floating_point()}
    if func.overloadpacket in PRODUCTS and len(floats) > 1:
        raise RuntimeError(f"{func}: expected scalar type of both to be the same: {floats}")
    is_moved = func.overloadpacket in MOVES and (is_ours != bool(ours) or bool(ours and others))
    if StandIn.is_capturing and ((ours and func in WAITING) or is_moved):
        raise RuntimeError(f"operation not permitted when stream is capturing: {func}")


def record(run):
    """Record a call as `cuda_graphs.record_graph` does: what is played back is the call again."""
    StandIn.is_capturing = True
    try:
        result = run()
    finally:
        StandIn.is_capturing = False
    StandIn.captured += 1

    def replay():
        again = pytree.tree_leaves(run())
        for kept, made in zip(pytree.tree_leaves(result), again, strict=True):
            kept.copy_(made)

    return replay, result


@contextmanager
def stand_in_gpu(patch):
    """Let `cuda` mean the stand-in. patch: pytest's monkeypatch."""
    torch._C._ensureCUDADeviceGuardSet()
    patch.setattr(torch.cuda, "is_available", lambda: True)
    patch.setattr(torch.cuda, "_lazy_init", lambda: None)
    patch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
    patch.setattr(torch.backends.cudnn, "is_acceptable", lambda tensor: False)
    lifts = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)
    StandIn.captured = 0
    try:
        with StandIn():
            yield StandIn
    finally:
        torch._C._set_only_lift_cpu_tensors(lifts)
