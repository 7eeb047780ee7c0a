"""How Python compares titles, as those of the base model were: python3 title-fingerprints.py > title-fingerprints.json

Fingerprints of made-up titles; and of all characters that this Python's Unicode knows a SHA-256 over what is left of them,
a line each: its number, a tab, what is left.
"""

import hashlib
import json
import sys
import unicodedata

titles = [
    "What is the best thing about Mondays?",
    "  what IS the, best thing about mondays!!  ",
    "Straße, STRASSE and STRAẞE",
    "ΟΔΥΣΣΕΥΣ travels; Σ alone; ΣΑΣ.",
    "ΑΣ' ΑΣ'Α ΑΣ.Α ΑΣ:Α ΑΣ_Α ΑΣ-Α ΑΣ1 1Σ 'Σ Α\u00adΣ Α\u0345Σ ΑΣ\u0301 ΑΣ\u200dΑ ΑΣ😀 ⒶΣ ªΣ",
    "İstanbul'da bir gün, IĞDIR",
    "I\u0307 and i\u0307, İ and ı, J\u030c",
    "ẞ, ß, ſ and ﬀ, ŉ, ǰ, ΐ and և",
    "Ǆungla, ǅungla and ǆungla",
    "cafe\u0301 and caf\u00e9",
    "Ångström, A\u030angstrom and \u212bngstrom",
    "x² + y³ = Ⅷ, ½ or ①?",
    "١٢٣ and १२३ and 123",
    "漢字かなカナ 한국어 ภาษาไทย",
    "ᏣᎳᎩ and ꭰꭱ",
    "ქართული ᲥᲐᲠᲗᲣᲚᲘ",
    "😀 only a face 😀",
    "K in kelvin: \u212a; Ω in ohm: \u2126",
    "ﬁne ligatures",
    "snake_case and under_score",
    "𐐀𐐁 Deseret 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
]


def bare(title: str) -> str:
    lowered = unicodedata.normalize("NFC", title).lower()
    return "".join(c for c in lowered if unicodedata.category(c)[0] in "LN")


def fingerprint(title: str) -> str:
    return hashlib.sha256(bare(title).encode()).digest()[:8].hex()


def ranges(numbers: list[int]) -> list[list[int]]:
    """First and last of each run of neighbours."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


known = [
    number
    for number in range(sys.maxunicode + 1)
    if unicodedata.category(chr(number)) not in ("Cn", "Co", "Cs")
]
lines = "".join(f"{number}\t{bare(chr(number))}\n" for number in known)
characters = {
    "unicode": unicodedata.unidata_version,
    "known": ranges(known),
    "sha256": hashlib.sha256(lines.encode()).hexdigest(),
}
titles_and_fingerprints = {title: fingerprint(title) for title in titles}
print('{\n"titles":', json.dumps(titles_and_fingerprints, ensure_ascii=False, indent=1), end=",\n")
print('"characters":', json.dumps(characters, separators=(",", ":")), end="\n}\n")
