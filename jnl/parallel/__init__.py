"""Many runs in one compiled program, over all devices."""
