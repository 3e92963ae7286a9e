"""Small helpers of all packages: errors, texts, paths, signals, JSON, plug-ins found by file name or import."""
