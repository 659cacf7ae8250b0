"""A stop that a job is told of after some looks."""


class Stop:
    """Raises KeyboardInterrupt at the n-th look and, if asked again, at every later one."""

    def __init__(self, at: int | None = None) -> None:
        self.looks = 0
        self.at = at

    def __call__(self) -> None:
        self.looks += 1
        if self.at is not None and self.looks >= self.at:
            raise KeyboardInterrupt
