"""The way in. So little is loaded before it that an early Ctrl-C finds an answer, too."""

import sys


def main() -> None:
    """Run the command line and exit."""
    try:
        from engine.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Error: interrupted; nothing further was done\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
