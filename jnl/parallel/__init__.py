"""Training of many runs in one compiled program, on all devices."""
