"""Dates, money and the lines that a subscription becomes. Pure: no clock, no input or output, no state."""
