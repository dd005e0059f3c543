"""Why a plan as a whole may not be carried out."""


class Refused(Exception):
    """The plan is not carried out, and nothing was written. `str()` says why; `hint` what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
