# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The text: the Korean prose of LibreOffice's help, split into training and held-out pages.

Run as a program it writes the held-out pages to heldout.txt.
"""

import html.parser
import re
import unicodedata
from pathlib import Path

HELP_DIRECTORY = Path("/usr/share/libreoffice/help/ko/text")
HELDOUT_FILE = Path(__file__).with_name("heldout.txt")

# One page in 40 of all modules, counted in the order of their paths.
HELDOUT_EVERY = 40
HELDOUT_FIRST = 19

HANGUL = re.compile("[가-힣]")
LETTER = re.compile("[^\\W\\d_]")
# Many paragraphs are not translated. One that is may name commands in English.
HANGUL_SHARE = 0.4
SHORTEST = 8


class Paragraphs(html.parser.HTMLParser):
    """Collects the headings and paragraphs of a page, without those of its frame and its code.

    Where the help says different things for different systems (MAC, UNIX, WIN) or modules, a page
    holds all of them, of which a reader sees one; what stays here is what is not for macOS.
    """

    BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6"}
    SKIPPED = {"script", "style", "head", "header", "aside", "footer", "pre", "nav"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.paragraphs = []
        self.current = None
        self.skipping = 0
        # For each open <span>, whether it is skipped.
        self.spans = []

    def handle_starttag(self, tag, attributes):
        if tag in self.SKIPPED:
            self.skipping += 1
        elif tag == "span":
            self.spans.append(dict(attributes).get("class") == "MAC")
            self.skipping += self.spans[-1]
        elif tag in self.BLOCKS:
            self.end_block()
            self.current = []
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag):
        if tag in self.SKIPPED:
            self.skipping = max(self.skipping - 1, 0)
        elif tag == "span" and self.spans:
            self.skipping -= self.spans.pop()
        elif tag in self.BLOCKS:
            self.end_block()

    def handle_data(self, data):
        if self.current is not None and not self.skipping:
            self.current.append(data)

    def end_block(self):
        if self.current:
            text = unicodedata.normalize("NFC", "".join(self.current))
            self.paragraphs.append(" ".join(text.split()))
        self.current = None


def is_korean(paragraph):
    letters, hangul = len(LETTER.findall(paragraph)), len(HANGUL.findall(paragraph))
    return len(paragraph) >= SHORTEST and hangul > HANGUL_SHARE * letters


def pages():
    """Every page in order: one paragraph a line, ended by an empty line.

    The help repeats itself: a paragraph stays only where it stands first, so that none of the
    held-out pages' paragraphs is in the training text. A page of which nothing stays is none.
    """
    seen = set()
    for path in sorted(HELP_DIRECTORY.rglob("*.html")):
        parser = Paragraphs()
        parser.feed(path.read_text(encoding="utf-8"))
        lines = []
        for paragraph in parser.paragraphs:
            if is_korean(paragraph) and paragraph not in seen:
                seen.add(paragraph)
                lines.append(paragraph + "\n")
        if lines:
            yield "".join(lines) + "\n"


def split():
    """The training text and the held-out text, both as bytes of UTF-8."""
    parts = ([], [])
    for index, page in enumerate(pages()):
        parts[index % HELDOUT_EVERY == HELDOUT_FIRST].append(page)
    return tuple("".join(part).encode() for part in parts)


if __name__ == "__main__":
    HELDOUT_FILE.write_bytes(split()[1])
