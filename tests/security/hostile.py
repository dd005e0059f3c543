"""Names as an attacker would choose them, and what must be left of them in no output."""

import re

ESCAPES = (
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m\x9d0;owned\x9c",
    "\u202egnp.exe\u2066",
    "a\rb\x08\x08c\x7f",
    "one\nApplied: 0 changes.\n",
    "\u2028\u2029\x85line\x0b\x0cfeed",
    "\u200bzero\u200e\u200f\ufeff\u00ad",
    "\U000e0041\U000e0042tags",
)
MARKUP = (
    "{{7*191}}{% raw %}",
    "${7*191}%s%n{0}",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a | b | c",
    "[click](https://evil.example) ![i](http://evil.example/x.png)",
    "@everyone #1 !2 org/repo#3",
    "https://evil.example www.evil.example me@evil.example",
    "**bold** `code` ~~~ # heading",
    "\\| \\",
    "&lt;b&gt; &#124;",
)
DRIVES = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What drives a terminal, turns its direction, or cannot be seen."""
COLOR = re.compile(r"\x1b\[\d\d?m")
