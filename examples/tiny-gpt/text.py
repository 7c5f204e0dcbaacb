# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The text: Debian's King James Bible, as prose, split into training and held-out chapters.

Run as a program it writes the held-out chapters to heldout.txt.
"""

import itertools
import re
import subprocess
from pathlib import Path

HELDOUT_FILE = Path(__file__).with_name("heldout.txt")

# One chapter in 40, counted through the whole Bible: 30 of its 1189 chapters, from all kinds of
# books (law, history, poetry, prophets, gospels, letters).
HELDOUT_EVERY = 40
HELDOUT_FIRST = 19

VERSE = re.compile(r"([1-3]?[A-Za-z]+\d+):\d+ (.*)")


def chapters():
    """Every chapter in order: one verse a line, ended by an empty line, without references."""
    raw = subprocess.run(
        ["bible", "-f", "gen1:1-rev22:21"], check=True, capture_output=True, text=True
    ).stdout
    verses = [VERSE.fullmatch(line).groups() for line in raw.splitlines()]
    for _, group in itertools.groupby(verses, key=lambda verse: verse[0]):
        # Two verses have doubled spaces; one space everywhere keeps the text uniform.
        yield "".join(" ".join(text.split()) + "\n" for _, text in group) + "\n"


def split():
    """The training text and the held-out text, both as bytes."""
    parts = ([], [])
    for index, chapter in enumerate(chapters()):
        parts[index % HELDOUT_EVERY == HELDOUT_FIRST].append(chapter)
    return tuple("".join(part).encode("ascii") for part in parts)


if __name__ == "__main__":
    HELDOUT_FILE.write_bytes(split()[1])
