"""Search for inputs that break the front door, guided by coverage (`make fuzz`).

Usage: fuzz_front.py CORPUS… [-max_total_time=60], as any libFuzzer program. The first folder also
takes what is found to reach new code. An input that breaks something is written to crash-… and
printed.
"""

import sys

import atheris

with atheris.instrument_imports(include=["msanii_live.osc", "msanii_live.protocol"]):
    from tests.fuzz.target import examine


if __name__ == "__main__":
    atheris.Setup(sys.argv, examine)
    atheris.Fuzz()
