"""Reading a security's name: folded to words once, each word looked up once, the rest is signs."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from sectypes.heuristics.lexicon import CUT_SIGNS, LEXICON, TAIL_SIGNS, Sign

__all__ = ["Reading", "fold", "read"]

# No name of a security is longer; whatever comes behind is not worth the time.
_LONGEST = 400
# A feed that cuts names leaves at least this much of a word that can still be recognised.
_SHORTEST_CUT = 4


class Reading(NamedTuple):
    """What a name says.

    Attributes
    ----------
    signs : int
        All signs found, as the value of a `Sign`.
    hits : list[tuple[int, str]]
        Each word or phrase that was a sign, with its signs, in the name's order.
    """

    signs: int
    hits: list[tuple[int, str]]

    def words(self, wanted: int) -> str:
        """The words that carry one of the wanted signs, for people."""
        return ", ".join([word for signs, word in self.hits if signs & wanted])


# By the second word: the words behind it, how long the phrase is, its signs, and itself.
_Phrases = dict[str, list[tuple[list[str], int, int, str]]]


def _compile() -> dict[str, tuple[int, _Phrases]]:
    """Return for each first word: its own signs, and the phrases it begins, longest first."""
    signs: dict[str, int] = {}
    for sign, entries in LEXICON.items():
        for entry in entries.split():
            signs[entry] = signs.get(entry, 0) | int(sign)
    compiled: dict[str, tuple[int, _Phrases]] = {}
    for entry in sorted(signs, key=lambda entry: -entry.count("_")):
        head, *tail = entry.split("_")
        phrases = compiled.setdefault(head, (signs.get(head, 0), {}))[1]
        if tail:
            row = (tail[1:], 1 + len(tail), signs[entry], entry.replace("_", " "))
            phrases.setdefault(tail[0], []).append(row)
    return compiled


def _cut_words() -> dict[str, tuple[int, str]]:
    """Beginnings of words, for the last word of a name that a feed has cut off."""
    whole = {word: signs & int(CUT_SIGNS) for word, (signs, _) in _WORDS.items()}
    cut: dict[str, tuple[int, str]] = {}
    for word in sorted(whole, key=len, reverse=True):
        for length in range(_SHORTEST_CUT, len(word)):
            if whole[word] and word[:length] not in _WORDS:
                cut[word[:length]] = (whole[word], word)
    return cut


def _folding() -> bytes:
    """Upper case, punctuation to blanks; for names in ASCII, one byte a character."""
    table = bytearray(range(256))
    for code in range(256):
        char = chr(code)
        table[code] = ord(char.upper()) if char.isascii() and char.isalnum() else ord(" ")
    for char in "&%":
        table[ord(char)] = ord(char)
    return bytes(table)


_WORDS = _compile()
_CUT = _cut_words()
_FOLD = _folding()
_DROPPED = b".'`"
_NOT_TAIL = ~int(TAIL_SIGNS)
_ALONE = int(Sign.ALONE)
_NOTHING = Reading(0, [])


def fold(name: str) -> list[str]:
    """Return the words of a name in upper case, without punctuation; "%" is a word of its own.

    Examples
    --------
    >>> fold("U.S. Ultra-Short Bond Fund (The) 6.5%")
    ['US', 'ULTRA', 'SHORT', 'BOND', 'FUND', 'THE', '65', '%']
    """
    if not name.isascii():
        # Accents come off their letters; what is then not ASCII separates words.
        name = unicodedata.normalize("NFKD", name)
        name = "".join(char for char in name if not unicodedata.combining(char))
    if "%" in name:
        name = name.replace("%", " % ")
    text = name[:_LONGEST].encode("ascii", "replace").translate(_FOLD, _DROPPED)
    return text.decode("ascii").split()


def read(name: str | None) -> Reading:
    """Return the signs in a name; nothing for a missing name.

    A phrase uses up its words: the trust in "First Trust" is no trust, the fund in "Fund Holdings"
    no fund.

    Examples
    --------
    >>> reading = read("BLACKROCK DEBT STRATEGIES FD INC")
    >>> reading.words(int(Sign.FUND)), bool(reading.signs & Sign.LEGAL)
    ('FD', True)
    """
    if not name:
        return _NOTHING
    words = fold(name)
    known = _WORDS
    hits: list[tuple[int, str]] = []
    found = used = 0
    last = len(words) - 1
    for position in [place for place, word in enumerate(words) if word in known]:
        if position < used:
            continue
        hit = words[position]
        signs, phrases = known[hit]
        if phrases and position < last and (phrase := _phrase_at(words, position, phrases)):
            used, signs, hit = phrase
        if not position:
            signs &= _NOT_TAIL
        if signs:
            found |= signs
            hits.append((signs, hit))
    if words and used <= last and (cut := _CUT.get(words[-1])):
        found |= cut[0]
        hits.append(cut)
    if len(words) == 1 and hits:
        found |= _ALONE
    return Reading(found, hits) if hits else _NOTHING


def _phrase_at(words: list[str], position: int, phrases: _Phrases) -> tuple[int, int, str] | None:
    """Return the longest phrase that begins at `position`: its end, its signs, the phrase."""
    for rest, length, signs, phrase in phrases.get(words[position + 1], ()):
        end = position + length
        if words[position + 2 : end] == rest:
            return end, signs, phrase
    return None
