"""Pure functions of arrays: losses, selection by small loss, schedules over epochs, augmentation, convolution."""
