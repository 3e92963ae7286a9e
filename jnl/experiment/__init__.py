"""Turn a config into results: build its programs, train them epoch by epoch, and write what they measure."""
