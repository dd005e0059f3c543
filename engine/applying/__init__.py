"""Carries a plan out: in its order, once, and with a report of what happened to every change. It computes no change."""
