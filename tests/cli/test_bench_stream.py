"""Check `bench stream` with the engine of tones: a row for each number of steps."""

from msanii_live.cli import main


def test_a_stream_is_measured(capsys):
    assert main(["bench", "stream", "--engine", "tones", "--chunks", "1"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| tones")]
    assert len(rows) == 2
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == "4"
        assert float(cells[3]) > 0
        assert -40 < float(cells[6]) < 0


def test_no_chunks_are_refused(capsys):
    assert main(["bench", "stream", "--chunks", "0"]) == 2
    assert "--chunks is 0" in capsys.readouterr().err
