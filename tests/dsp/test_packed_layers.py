"""Layers whose weights are converted once, against torch's own layers."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.packed_layers import PackedConvolution, PackedLinear, has_onednn

# bf16 keeps 8 bits, so that sums of some ten products of size one are off by a few hundredths.
TOLERANCES = [(torch.float32, 1e-5)] + ([(torch.bfloat16, 0.05)] if has_onednn() else [])


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
@pytest.mark.parametrize("has_gelu", [False, True])
@pytest.mark.parametrize("rows", [1, 7, 300])
def test_a_packed_linear_layer_computes_what_the_layer_does(dtype, tolerance, has_gelu, rows):
    torch.manual_seed(0)
    layer, x = nn.Linear(24, 40).requires_grad_(False), torch.randn(rows, 24)
    wanted = F.gelu(layer(x)) if has_gelu else layer(x)
    with torch.inference_mode():
        made = PackedLinear.of(layer, dtype, has_gelu)(x.to(dtype))
    assert made.dtype == dtype
    torch.testing.assert_close(made.float(), wanted, atol=tolerance, rtol=0)


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
@pytest.mark.parametrize("groups", [1, 16])
def test_a_packed_convolution_takes_any_number_of_rows(dtype, tolerance, groups):
    torch.manual_seed(0)
    layer = nn.Conv1d(16, 32, 7, padding=3, groups=groups).requires_grad_(False)
    packed = PackedConvolution(layer, dtype)
    for rows in (1, 5, 64, *range(100, 110)):
        x = torch.randn(rows, 16)
        with torch.inference_mode():
            made = packed(x.to(dtype))
        wanted = layer(x.t()[None])[0].t()
        assert made.dtype == dtype
        torch.testing.assert_close(made.float(), wanted, atol=tolerance, rtol=0)
