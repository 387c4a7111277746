"""Whatever bytes come from outside are read whole, or refused in one line: targets for fuzzers."""
