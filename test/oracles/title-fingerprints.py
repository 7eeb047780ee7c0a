"""Fingerprints of made-up titles, as the titles of the base model were fingerprinted: python3 title-fingerprints.py > title-fingerprints.json"""

import hashlib
import json
import unicodedata

titles = [
    "What is the best thing about Mondays?",
    "  what IS the, best thing about mondays!!  ",
    "Straße, STRASSE and STRAẞE",
    "ΟΔΥΣΣΕΥΣ travels; Σ alone; ΣΑΣ.",
    "İstanbul'da bir gün, IĞDIR",
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


def fingerprint(title: str) -> str:
    lowered = unicodedata.normalize("NFC", title).lower()
    bare = "".join(c for c in lowered if unicodedata.category(c)[0] in "LN")
    return hashlib.sha256(bare.encode()).digest()[:8].hex()


print(json.dumps({title: fingerprint(title) for title in titles}, ensure_ascii=False, indent=1))
