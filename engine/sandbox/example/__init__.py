"""The example world as plain values: its catalog, its customers and what happens to them. Nothing in it is real."""
