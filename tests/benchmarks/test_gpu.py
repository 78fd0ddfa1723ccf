"""The table of `msanii-live bench gpu`, made on the CPU at small size."""

from msanii_live.benchmarks.gpu import report_gpu


def test_a_table_has_every_length_and_number_of_steps(capsys):
    assert report_gpu("cpu", lengths=(0.5,), steps=(1, 2)) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()
            if line.startswith("| 0.5 s")]  # fmt: skip
    assert [int(row[1]) for row in rows] == [1, 2]
    for row in rows:
        whole, first, limit, memory = map(float, row[2:])
        assert 0 < first <= whole
        assert limit > 0
        assert memory > 1
    assert float(rows[1][4]) > float(rows[0][4])  # two steps compute more


def test_no_row_begins_once_the_time_is_over(capsys):
    assert report_gpu("cpu", lengths=(0.5,), steps=(1,), budget=-1.0) == 0
    assert "not measured: the time is over" in capsys.readouterr().out
