"""The fuzzer's own program needs the fuzzing engine, which only `make fuzz` installs."""

collect_ignore = ["fuzz_front.py"]
