"""What surrounds a training job: log, signals, checkpoint file, time line, outputs."""
