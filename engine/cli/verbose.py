"""`-v`: the requests of a run on stderr, as `engine.http.trace` tells of them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from engine.cli.output import say
from engine.http.trace import LOGGER, QUERIES, REPLIES, REQUESTS

_LEVELS = (REQUESTS, QUERIES, REPLIES)


class _OnStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(f"{record.getMessage()}\n")


@contextmanager
def requests_shown(verbosity: int) -> Iterator[None]:
    """Shows every request while the block runs: 1 without its query, 2 with it, 3 with what is known of the reply."""
    logger, handler = logging.getLogger(LOGGER), _OnStderr()
    logger.addHandler(handler)
    logger.setLevel(_LEVELS[min(verbosity, len(_LEVELS)) - 1])
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def shows_requests() -> bool:
    """Whether requests are shown."""
    return bool(logging.getLogger(LOGGER).handlers)
