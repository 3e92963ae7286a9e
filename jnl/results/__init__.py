"""Write and read what a training leaves in its workdir: tables, statistics, checkpoints, exports."""
