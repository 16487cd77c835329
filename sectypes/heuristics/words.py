"""Reading a security's name: folded to words once, each word looked up once, the rest is signs."""

from __future__ import annotations

import unicodedata
from itertools import product
from typing import NamedTuple

from sectypes.heuristics.abbreviations import ABBREVIATIONS
from sectypes.heuristics.lexicon import CUT_SIGNS, LEXICON, TAIL_SIGNS, Sign
from sectypes.heuristics.terms import TERM_SIGNS, terms_in

__all__ = ["Reading", "fold", "read"]

# No name of a security is longer; whatever comes behind is not worth the time.
_LONGEST = 400
# Feeds cut names at 28 or 30 letters.
_CUT_LENGTHS = range(28, 31)
# A feed that cuts names leaves at least this much of a word that can still be recognised.
_SHORTEST_CUT = 4
# No feed cuts names as short as this: the last word of "Core Mark" is whole.
_TOO_SHORT_TO_CUT = 12


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


# A word or phrase as it stands in a reading: its signs, and itself.
_Hit = tuple[int, str]
# By the second word: the words behind it, how long the phrase is, the phrase.
_Rows = list[tuple[list[str], int, _Hit]]
_Phrases = dict[str, _Rows]


def _compile() -> dict[str, tuple[_Hit, _Phrases]]:
    """Return for each first word: the word by itself, and the phrases it begins, longest first."""
    signs: dict[str, int] = {}
    for sign, entries in LEXICON.items():
        for entry in (short for whole in entries.split() for short in _spellings(whole)):
            signs[entry] = signs.get(entry, 0) | int(sign)
    compiled: dict[str, tuple[_Hit, _Phrases]] = {}
    for entry in sorted(signs, key=lambda entry: -entry.count("_")):
        head, *tail = entry.split("_")
        phrases = compiled.setdefault(head, ((signs.get(head, 0), head), {}))[1]
        if tail:
            row = (tail[1:], 1 + len(tail), (signs[entry], entry.replace("_", " ")))
            phrases.setdefault(tail[0], []).append(row)
    return compiled


def _spellings(entry: str) -> list[str]:
    """A word or phrase as it is, and with each of its words abbreviated."""
    words = entry.split("_")
    return [
        "_".join(spelled)
        for spelled in product(*([word, *ABBREVIATIONS.get(word, "").split()] for word in words))
    ]


def _cut_words() -> dict[str, _Hit]:
    """Beginnings of words, for the last word of a name that a feed has cut off."""
    whole = {word: signs & int(CUT_SIGNS) for word, ((signs, _), _) in _WORDS.items()}
    # Custodians cut at 28 to 30 letters: "INCOME T" was an income trust.
    cut = {"T": (int(Sign.TRUST), "TRUST")}
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
_ENTRY = _WORDS.get
_CUT = _cut_words()
_FOLD = _folding()
_DROPPED = b".'`"
_NOT_TAIL = ~int(TAIL_SIGNS)
_ALONE, _CUT_OFF = int(Sign.ALONE), int(Sign.CUT_OFF)
_TERMS = int(TERM_SIGNS)
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
    found, used, hits = _look_up(words)
    last = len(words) - 1
    if words and used <= last and len(name) > _TOO_SHORT_TO_CUT and (cut := _CUT.get(words[-1])):
        found |= cut[0]
        hits.append(cut)
    if not hits:
        return _NOTHING
    if len(hits) == 1 and max(used, 1) > last:
        found |= _ALONE
    if len(name) in _CUT_LENGTHS or words[-1].isdigit():
        found |= _CUT_OFF
    if found & _TERMS:
        for term in terms_in(name[:_LONGEST], found):
            found |= term[0]
            hits.append(term)
    return Reading(found, hits)


def _look_up(words: list[str]) -> tuple[int, int, list[_Hit]]:
    """Return all signs of the words, the place behind the last phrase, and what was a sign."""
    hits: list[_Hit] = []
    found = used = 0
    last = len(words) - 1
    for position, entry in enumerate(map(_ENTRY, words)):
        if entry is None or position < used:
            continue
        hit, phrases = entry
        if phrases and position < last and (rows := phrases.get(words[position + 1])):
            phrase = _phrase_at(words, position, rows)
            if phrase:
                used, hit = phrase
        if not position:
            hit = hit[0] & _NOT_TAIL, hit[1]
        if hit[0]:
            found |= hit[0]
            hits.append(hit)
    return found, used, hits


def _phrase_at(words: list[str], position: int, rows: _Rows) -> tuple[int, _Hit] | None:
    """Return the longest phrase that begins at `position`: where it ends, and itself."""
    for rest, length, phrase in rows:
        end = position + length
        if words[position + 2 : end] == rest:
            return end, phrase
    return None
