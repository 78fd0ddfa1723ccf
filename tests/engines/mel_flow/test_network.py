"""The flow network, its samplers and the plan of windows."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.samplers import sample_euler, shifted_times, uniform_times
from msanii_live.engines.mel_flow import weights
from msanii_live.engines.mel_flow.conditions import (
    PHASE_CHANNELS,
    Conditions,
    bar_phase_features,
    density_of,
)
from msanii_live.engines.mel_flow.inpainting import (
    SamplingOptions,
    context_tokens,
    fill_windows,
    plan_left,
    plan_line,
    plan_loop,
)
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.engines.prompt_parser import key_name, parse_key, parse_prompt

TINY = FlowConfig(mels=8, width=32, blocks=2, heads=2, window=32)


def conditions(mel_frames, batch=1):
    return Conditions(
        style=torch.full((batch,), -1),
        key=torch.zeros(batch, dtype=torch.long),
        tempo=torch.full((batch,), 120.0),
        density=torch.full((batch,), 0.5),
        phase=torch.zeros(batch, PHASE_CHANNELS, mel_frames),
    )


def awake(net):
    """Undo the zero initialisation, so that outputs depend on inputs."""
    torch.manual_seed(0)
    for layer in (net.detokenise, net.modulate[2], net.final):
        torch.nn.init.normal_(layer.weight, std=0.2)
    return net.requires_grad_(False)


def run(net, x, mask):
    t = torch.full((len(x),), 0.5)
    return net(x, t, x, mask, conditions(x.shape[-1], len(x)))


def test_network_keeps_the_shape_at_any_length():
    net = awake(FlowNet(TINY))
    for mel_frames in (4, 32, 100):
        x = torch.randn(2, 2, 8, mel_frames)
        assert run(net, x, torch.zeros(2, 1, 1, mel_frames)).shape == x.shape


def test_network_refuses_part_of_a_patch():
    with pytest.raises(ValueError, match="multiple of 4"):
        run(FlowNet(TINY), torch.zeros(1, 2, 8, 6), torch.zeros(1, 1, 1, 6))


def test_folding_is_undone():
    net = FlowNet(TINY)
    x = torch.randn(2, 2, 8, 12)
    assert torch.equal(net._unfold(net.fold(x.flatten(1, 2))), x)


def test_what_is_masked_out_is_not_seen():
    net = awake(FlowNet(TINY))
    x = torch.randn(1, 2, 8, 32)
    mask = torch.zeros(1, 1, 1, 32)
    mask[..., :16] = 1
    other = x.clone()
    other[..., 16:] += 1.0
    t, where = torch.full((1,), 0.5), conditions(32)
    assert torch.equal(net(x, t, x, mask, where), net(x, t, other, mask, where))
    assert not torch.equal(net(x, t, x, mask, where), net(x, t, x * 2, mask, where))


def test_full_size_fits_the_package():
    with torch.device("meta"):
        net = FlowNet(FlowConfig())
    assert 2 * sum(p.numel() for p in net.parameters()) < 40e6  # bytes at fp16


def test_weights_survive_a_file(tmp_path):
    net = awake(FlowNet(TINY))
    spec = MelSpec(mels=8)
    model = weights.FlowModel(net, spec, torch.zeros(2, 8, 1), torch.ones(2, 8, 1))
    weights.save(tmp_path / "m.safetensors", model)
    back = weights.load(tmp_path / "m.safetensors", torch.device("cpu"))
    assert back.spec == spec
    assert back.net.config == TINY
    x = torch.randn(1, 2, 8, 32)
    mask = torch.zeros(1, 1, 1, 32)
    assert torch.allclose(run(back.net, x, mask), run(net, x, mask), atol=5e-2)


def test_a_foreign_file_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="not a flow model"):
        weights.load(tmp_path / "x.safetensors", torch.device("cpu"))


def test_euler_follows_a_straight_flow_exactly():
    target = torch.full((1, 1, 2, 2), 3.0)
    noise = torch.randn(1, 1, 2, 2)
    seen = []
    out = sample_euler(lambda x, t, to: target, noise, uniform_times(4), seen.append)
    assert torch.allclose(out, target)
    assert seen == [1, 2, 3, 4]


def test_euler_on_a_gaussian_keeps_its_deviation():
    # For data N(0, s²) the best guess is x (1-t) s² / ((1-t)² s² + t²): the exact posterior mean.
    s = 0.7

    def denoise(x, t, to):
        level = t[:, None]
        return x * (1 - level) * s**2 / ((1 - level) ** 2 * s**2 + level**2)

    noise = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0))
    out = sample_euler(denoise, noise, uniform_times(100), lambda _: None)
    assert out.std() == pytest.approx(s, rel=0.03)


def test_times_are_checked():
    assert uniform_times(2, 0.5).tolist() == [0.5, 0.25, 0.0]
    for steps, start in ((0, 1.0), (4, 0.0), (4, 1.1)):
        with pytest.raises(ValueError, match="steps"):
            uniform_times(steps, start)


@given(st.integers(1, 50), st.floats(0.01, 1.0))
def test_shifted_times_meet_their_ends_and_dwell_near_noise(steps, start):
    times = shifted_times(steps, start)
    assert times[0] == pytest.approx(start, rel=1e-4)
    assert times[-1] == 0.0
    assert (torch.diff(times) < 0).all()
    assert (times >= uniform_times(steps, start) - 1e-6).all()


@given(st.integers(4, 300), st.integers(8, 64), st.data())
def test_line_plans_fill_each_token_once_in_order(tokens, size, data):
    start = data.draw(st.integers(0, tokens - 1))
    end = data.draw(st.integers(start + 1, tokens))
    filled = start
    for window in plan_line(tokens, start, end, size):
        assert 0 <= window.first <= window.fill_from == filled < window.fill_to <= window.last
        assert window.last <= tokens
        assert window.last - window.first <= size
        filled = window.fill_to
    assert filled == end
    seen = context_tokens(size)
    assert all(
        start - seen <= w.first and w.last <= end + seen
        for w in plan_line(tokens, start, end, size)
    )
    left = plan_left(tokens, start, end, size)
    assert all(start - seen <= w.first and w.last <= end + seen for w in left)
    assert sorted(t for w in left for t in range(w.fill_from, w.fill_to)) == list(range(start, end))


def test_a_continuation_of_6_s_needs_one_window_of_200_tokens_and_a_long_clip_begins_with_a_short():
    assert len(plan_line(333, 200, 333, 200)) == 1
    assert [w.last - w.first for w in plan_line(400, 0, 400, 200)] == [132, 200, 200]


def test_the_last_window_of_a_line_sees_what_follows():
    window = plan_line(200, 60, 100, 132)[-1]
    assert window.last >= 100 + 132 // 4


@given(st.integers(8, 300), st.integers(8, 132))
def test_loop_plans_fill_each_token_once_and_bridge_the_end(tokens, size):
    windows = plan_loop(tokens, size)
    filled = [t for w in windows for t in range(w.fill_from, w.fill_to)]
    assert filled == list(range(tokens))
    assert windows[-1].last - windows[-1].first <= tokens
    assert windows[-1].fill_to <= windows[-1].last


def test_painting_keeps_known_tokens_and_fills_the_rest():
    net = awake(FlowNet(TINY))
    mel = torch.randn(2, 8, 64)
    known = [True] * 6 + [False] * 10
    steps = []
    brush = SamplingOptions(conditions(0), lambda i: bar_phase_features(i / 40, len(i)), steps=3)
    windows = plan_line(16, 6, 16, 8)

    def make(seed):
        generator = torch.Generator().manual_seed(seed)
        return list(fill_windows(net, mel, known, windows, brush, generator, steps.append))[-1]

    out = make(1)
    assert torch.equal(out[..., :24], mel[..., :24])
    assert not torch.equal(out[..., 24:], mel[..., 24:])
    assert steps == list(range(1, 3 * len(windows) + 1))
    assert torch.equal(out, make(1))
    assert not torch.equal(out, make(2))


def test_bar_phase_repeats_every_bar_and_may_be_unknown():
    a = bar_phase_features(torch.tensor([0.25], dtype=torch.float64), 1)
    b = bar_phase_features(torch.tensor([7.25], dtype=torch.float64), 1)
    assert torch.allclose(a, b, atol=1e-5)
    assert a[-1] == 1.0
    assert bar_phase_features(None, 3).abs().sum() == 0.0


def test_density_grows_with_notes():
    assert 0 == density_of(0) < density_of(3) < density_of(20) < 1


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Am", "A min"),
        ("F# minor", "F# min"),
        ("Bb", "Bb maj"),
        ("c major", "C maj"),
        ("E#", "F maj"),
    ],
)
def test_keys_are_read_as_musicians_write_them(words, name):
    index = parse_key(words)
    assert index is not None
    assert key_name(index) == name


def test_prompts_steer_and_unknown_words_are_told():
    read = parse_prompt("dark techno in F# minor at 130 bpm", "", "")
    assert (read.style, key_name(read.key), read.unknown) == (1, "F# min", ("dark",))
    explicit = parse_prompt("techno Am", "lofi", "C")
    assert (explicit.style, explicit.key) == (3, 0)
    assert parse_prompt("", "polka", "H").unknown == ("polka", "H")
