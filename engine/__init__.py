"""cwctl keeps ConnectWise PSA in step with a cloud platform."""

__version__ = "0.1.0"
