"""What a training leaves in its workdir, and how it is read: tables, statistics, checkpoints, exports."""
