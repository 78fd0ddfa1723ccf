"""`msanii-live bench daw` at small size: clips by turns, a stream, and what is said of them."""

from msanii_live.benchmarks.answers import AnswerTimes, measure_answers
from msanii_live.benchmarks.beside import (
    ClipTimes,
    StreamFigures,
    clip_row,
    measure_clips,
    measure_stream,
    server_beside,
    stream_row,
)

TONES = ("tones", ("engine", "tones"))


def test_clips_and_a_stream_are_measured_beside_a_busy_program():
    with server_beside(1, ("--engine", "tones")) as (client, busy):
        times = measure_clips(client, busy, TONES, 1, 0.5)
        figures = measure_stream(client, busy, TONES, 0.1)
        answers = measure_answers(client, TONES, 0.2, 0.5)
    assert (len(times.alone), len(times.beside)) == (1, 1)
    assert min(*times.alone, *times.beside) > 0
    assert figures.rates
    assert len(figures.left) == len(figures.rates)
    assert answers.jobs > 0
    assert min(answers.seconds) > 0


def test_rows_tell_medians_and_extremes():
    row = clip_row(ClipTimes("house", (1.0, 3.0, 2.0), (4.0, 4.0, 9.0)), 0)
    assert row == "| house | default | 2.00 s | 3.00 | 4.00 s | 9.00 | 2.0 |"
    row = stream_row("house", StreamFigures([4.0, 2.0, 3.0], [1.0, 0.5, 2.0], 1))
    assert row == "| house | 3 | 3.0 | 2.0 | 0.5 | 1 |"
    assert stream_row("house", StreamFigures()) == "| house | 0 | - | - | - | - |"
    row = AnswerTimes("house", [0.001 * n for n in range(101)], 7).row()
    assert row == "| house | 7 | 101 | 50.0 | 90.0 | 99.0 | 100.0 |"
