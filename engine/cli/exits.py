"""Exit codes, and the exception that ends a command with one."""

OK = 0
ERROR = 1
CHANGES = 2
REFUSED = 3
PARTIAL = 4


class Stop(Exception):
    """Ends the command: `message` is for stderr (empty: everything was said already)."""

    def __init__(self, message: str = "", code: int = ERROR, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.hint = message, code, hint
