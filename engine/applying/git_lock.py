"""The lock across machines: a ref on a git remote that only one run can make, with the time at which it lapses."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from engine.applying.git_lock_remote import GitFailed
from engine.applying.lock import Holder, from_note, instant, to_note

CONFIRM_AFTER = timedelta(minutes=1)
"""A lock is renewed once this much time has passed: that it could be is the proof that it was still held."""

MARGIN = timedelta(minutes=1)
"""Clocks differ, and a write takes time: the holder stops this long before its lock lapses …"""

GRACE = timedelta(minutes=2)
"""… and another run takes it over only this long after."""


class LockHeld(Exception):
    """Another run holds the lock; `holder` is None where what stands there says nothing of whom."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(holder.words if holder else "somebody whose name cannot be read")
        self.holder = holder


class LockLost(Exception):
    """The lock is not ours any more, or nobody can say that it still is: nothing more may be written."""


class Ref(Protocol):
    """What the lock needs of a ref. Every method raises GitFailed."""

    def current(self) -> str | None: ...

    def text(self, object_id: str) -> str: ...

    def made(self, text: str) -> str: ...

    def swap(self, old: str | None, new: str | None) -> None: ...


class GitLock:
    """The lock of one run, on one ref.

    `life` is for how long it holds without being renewed. `clock` is the UTC time; `ticks` are seconds that no change
    of the clock moves.
    """

    def __init__(
        self, ref: Ref, holder: Holder, life: timedelta, clock: Callable[[], datetime], ticks: Callable[[], float]
    ) -> None:
        self._ref, self._holder, self._life = ref, holder, life
        self._clock, self._ticks = clock, ticks
        self._object: str | None = None
        self._mine = set[str]()
        self._confirmed = 0.0

    def take(self, dead: str | None = None) -> Holder | None:
        """Take the lock, and tell whom it was taken over from, if from anyone: one lapsed, or known to be dead.

        `dead` is the run of a process of this machine that ended without giving its lock back. Raises LockHeld and
        GitFailed.
        """
        try:
            return self._taken(dead)
        except GitFailed:
            # What stood there may have been renewed or given back while it was looked at.
            return self._taken(dead)

    def still_held(self) -> None:
        """Raises LockLost unless the lock is ours for long enough to make one more write."""
        age = timedelta(seconds=self._ticks() - self._confirmed)
        lapses = self._holder.until or self._clock()
        near = age >= self._life - MARGIN or self._clock() >= lapses - MARGIN
        if age < min(CONFIRM_AFTER, self._life / 2) and not near:
            return
        try:
            self._put(self._object)
        except GitFailed as failure:
            self._or_lost(failure, near)

    def release(self) -> None:
        """Give the lock back, unless it is another's by now. Raises GitFailed."""
        held, self._object = self._object, None
        if held is None:
            return
        try:
            self._ref.swap(held, None)
        except GitFailed:
            standing = self._ref.current()
            if standing == held:
                raise
            if standing in self._mine:
                self._ref.swap(standing, None)

    def _taken(self, dead: str | None) -> Holder | None:
        try:
            self._put(None)
        except GitFailed:
            standing = self._ref.current()
            if standing is None:
                raise
            return self._took_over(standing, dead)
        return None

    def _put(self, old: str | None) -> None:
        """Let the ref name us instead of `old`. A lost reply is no failure if it does. Raises GitFailed."""
        began = self._ticks()
        holder = replace(self._holder, until=self._clock().replace(microsecond=0) + self._life)
        made = self._ref.made(to_note(holder).decode())
        self._mine.add(made)
        try:
            self._ref.swap(old, made)
        except GitFailed:
            if self._ref.current() != made:
                raise
        self._object, self._holder, self._confirmed = made, holder, began

    def _took_over(self, standing: str, dead: str | None) -> Holder | None:
        holder = from_note(self._ref.text(standing).encode())
        if holder is None or holder.until is None:
            raise LockHeld(None)
        if holder.run != dead and self._clock() < holder.until + GRACE:
            raise LockHeld(holder)
        try:
            self._put(standing)
        except GitFailed as failure:
            if self._ref.current() == standing:
                raise
            raise LockHeld(None) from failure
        return holder

    def _or_lost(self, failure: GitFailed, near: bool) -> None:
        """After a renewal that failed: whether the lock, as it stands, still covers a write."""
        try:
            standing = self._ref.current()
        except GitFailed:
            standing = self._object
        if standing in self._mine:
            # A renewal whose reply was lost may have taken effect.
            self._object = standing
        else:
            raise LockLost("another run took the lock over, or somebody removed it") from failure
        if near:
            lapses = instant(self._holder.until) if self._holder.until else "now"
            raise LockLost(f"the lock lapses at {lapses} and cannot be renewed: {failure}") from failure
