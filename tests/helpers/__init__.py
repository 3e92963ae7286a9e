"""What several tests use: oracles, small data sets, workdirs, processes that are killed."""
