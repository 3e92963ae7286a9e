"""Studies of memorization: the experiments of Zhang et al. 2017 and Arpit et al. 2017, on any data set of images."""
