"""Says whether a letter's signature is good, by an implementation that is not ours.

usage: verify_dkim.py LETTER NAME RECORD
"""

import sys

import dkim

letter, name, record = sys.argv[1:4]


def lookup(asked, timeout=5):
    asked = asked.decode() if isinstance(asked, bytes) else asked
    return record.encode() if asked.rstrip(".") == name else None


with open(letter, "rb") as file:
    print("good" if dkim.verify(file.read(), dnsfunc=lookup) else "bad")
