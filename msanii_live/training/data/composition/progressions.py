"""Progressions by style, in Roman numerals over the major scale of the tonic.

An upper-case numeral is a major chord, a lower-case one minor; "7" after it makes a dominant or a
minor seventh; "maj7", "m7b5", "dim", "aug" and "sus" name themselves; "/3" puts that degree of the
major scale in the bass. A comma divides a bar in two. All are idioms that many works share.
"""

from __future__ import annotations

# style: (for major keys, for minor keys, for bridges in either)
Table = tuple[tuple[str, ...], tuple[str, ...]]
PROGRESSIONS: dict[str, Table] = {
    "house": (
        ("IVmaj7 iii7 vi7 vi7", "IVmaj7 V iii7 vi7", "Imaj7 vi7 ii7 Vsus", "ii7 iii7 vi7 V",
         "Imaj7 IVmaj7 Imaj7 IVmaj7", "vi7 IVmaj7 I V", "I7 IV7 I7 bVII"),
        ("i7 i7 bVImaj7 bVII", "i7 iv7 i7 v7", "i7 IV7 i7 IV7", "bVImaj7 bVII i7 i7",
         "i7 v7 bVImaj7 iv7", "iv7 v7 i7 bVImaj7", "i bVI bIII bVII", "i7 bIIImaj7 iv7 bVImaj7",
         "i7 bVII iv7 v7"),
    ),
    "techno": (
        ("I I bVII bVII", "I I IV bVII", "I bVII IV I", "vi vi IV V", "I I ii IV"),
        ("i i bVI bVII", "i i bII i", "i bVII bVI bVII", "i i iv bVI", "i v bVI iv",
         "i i bIII bVII", "i i i bVII i i bVI bVII", "i i v bVI", "i bVI bIII bVII"),
    ),
    "hiphop": (
        ("Imaj7 vi7 ii7 V7", "IVmaj7 iii7 ii7 Imaj7", "Imaj7 iii7 IVmaj7 iv7",
         "vi7 IVmaj7 Imaj7 V", "ii7 V7 Imaj7 Imaj7", "IVmaj7 III7 vi7 vi7"),
        ("i7 i7 bVImaj7 V7", "i7 iv7 i7 V7", "i bVI bIII bVII", "i7 bVImaj7 iv7 V7",
         "i7 i7 iv7 bVII", "i bVII bVI V", "bVImaj7 v7 i7 i7", "i7 bIIImaj7 bVImaj7 V7"),
    ),
    "lofi": (
        ("ii7 V7 Imaj7 vi7", "IVmaj7 iii7 ii7 Imaj7", "Imaj7 iii7 vi7 ii7,V7",
         "IVmaj7 III7 vi7 I7", "ii7 V7 iii7 VI7", "IVmaj7 iv7 iii7 VI7", "Imaj7 IVmaj7 iii7 VI7",
         "IVmaj7 V7 iii7 vi7 ii7 V7 Imaj7 VI7"),
        ("i7 iv7 bVII7 bIIImaj7", "iim7b5 V7 i7 i7", "bVImaj7 v7 iv7 i7", "i7 bVImaj7 iim7b5 V7",
         "iv7 bVII7 bIIImaj7 bVImaj7 iim7b5 V7 i7 i7", "i7 v7 bVImaj7 V7"),
    ),
    "synth": (
        ("I V vi IV", "vi IV I V", "IV V vi I", "I bVII IV I", "I iii IV V", "IV I V vi",
         "I V IV IV vi V IV V"),
        ("i bVI bIII bVII", "i bVII bVI bVII", "i bVI iv V", "bVI bVII i i", "i i bVI bVII",
         "i v bVI bVII", "i bIII bVII iv", "i iv bVI V"),
    ),
    "ambient": (
        ("Imaj7 Imaj7 IVmaj7 IVmaj7", "I Vsus IVmaj7 I", "Imaj7 iii7 IVmaj7 vi7", "I II/1 IV/1 I",
         "IVmaj7 Imaj7 IVmaj7 Vsus", "vi7 IVmaj7 Imaj7 Vsus", "I I/3 IVmaj7 Vsus"),
        ("i7 i7 bVImaj7 bVImaj7", "i bVI bIII bVII", "i7 IV i7 bVII", "bVImaj7 bVII i7 v7",
         "i v7 bVImaj7 iv7", "i bVII/1 bVI/1 i"),
    ),
    "bossa": (
        ("Imaj7 Imaj7 II7 II7 ii7 V7 Imaj7 V7", "ii7 V7 Imaj7 VI7", "Imaj7 #idim ii7 V7",
         "Imaj7 VI7 ii7 V7", "Imaj7 iv7 iii7 VI7 ii7 V7 Imaj7 ii7,V7",
         "Imaj7 vi7 ii7 V7 iii7 VI7 ii7 V7", "Imaj7 bIIImaj7 ii7 bII7"),
        ("iv7 bVII7 bIIImaj7 bVImaj7 iim7b5 V7 i7 i7", "i7 i7 iv7 V7", "i7 bVImaj7 iim7b5 V7",
         "i7 iv7 iim7b5 V7", "i7 vi7 iim7b5 V7", "i7 IV7 i7 V7"),
    ),
    "piano": (
        ("I V vi IV", "I vi IV V", "I iii IV V", "I V/7 vi iii/5 IV I/3 ii V", "I IV I V",
         "vi IV I V", "IV V iii vi ii V I I", "I I/3 IV V", "I V/7 vi V IV I/3 ii V7",
         "I IV/1 V7/1 I", "I vi ii V7"),
        ("i bVI bIII bVII", "i iv V i", "i iv bVII bIII bVI iim7b5 V7 i", "i V/7 bVII bVI",
         "i bVII bVI V", "i bVI iv V7", "i v bVI bIII iv i iim7b5 V", "i i/3 iv V7"),
    ),
    "pop": (
        ("I V vi IV", "vi IV I V", "I vi IV V", "IV I V vi", "I IV vi V", "I iii IV iv",
         "I V/7 vi IV", "I bVII IV I", "I V vi iii IV I IV V", "I II7 IV I", "I vi ii V",
         "I I/3 IV V", "IV V I vi"),
        ("i bVI bIII bVII", "i bVII bVI V", "i iv bVII bIII", "bVI bVII i i", "i bIII bVII IV",
         "i iv i V", "i v bVI bVII", "i bVI iv V7"),
    ),
    "jazz": (
        ("ii7,V7 Imaj7,VI7 ii7,V7 Imaj7", "Imaj7,VI7 ii7,V7 iii7,VI7 ii7,V7", "ii7 V7 Imaj7 VI7",
         "Imaj7,IVmaj7 iii7,VI7 ii7,V7 Imaj7", "Imaj7 #idim ii7 V7",
         "Imaj7,vi7 ii7,V7 iii7,vi7 ii7,V7 v7,I7 IVmaj7,iv7 iii7,VI7 ii7,V7",
         "Imaj7 II7 ii7,V7 Imaj7", "ii7 bII7 Imaj7 VI7"),
        ("iim7b5,V7 i7 iim7b5,V7 i7", "iv7,bVII7 bIIImaj7,bVImaj7 iim7b5,V7 i7",
         "i7 iv7 iim7b5,V7 i7", "i7 bVI7,V7 i7 iim7b5,V7", "i7 IV7 i7 bVI7,V7",
         "iv7 bVII7 bIIImaj7 bVImaj7 iim7b5 V7 i7 iim7b5,V7"),
    ),
    "drum and bass": (
        ("Imaj7 vi7 IVmaj7 V", "vi7 vi7 IVmaj7 Imaj7", "IVmaj7 iii7 vi7 vi7", "I I IV vi",
         "ii7 vi7 IVmaj7 Imaj7"),
        ("i i bVI bVII", "i7 i7 iv7 iv7", "i i i bVI", "i7 bVImaj7 bIIImaj7 bVII", "i i bII i",
         "i7 v7 bVImaj7 iv7", "i bVII bVI bVI"),
    ),
    "dub": (
        ("I I IV IV", "I ii I ii", "I V I IV", "I I V IV"),
        ("i i iv iv", "i i i iv", "i bVII i bVII", "i i v iv", "i iv i v", "i i bVI bVII"),
    ),
    "trap": (
        ("vi IV I V", "I vi ii V", "vi vi IV V", "I iii vi IV"),
        ("i i bVI V", "i bVI i v", "i iv bVI V", "i bVII bVI V", "i i iv bVI", "i bII i bII",
         "i bVI bIII bVII"),
    ),
    "garage": (
        ("IVmaj7 V iii7 vi7", "ii7 iii7 IVmaj7 V", "Imaj7 IVmaj7 ii7 V", "vi7 V IVmaj7 IVmaj7"),
        ("i7 iv7 bVII bIIImaj7", "i7 i7 iv7 v7", "bVImaj7 bVII i7 i7", "i7 bVImaj7 iv7 v7",
         "iv7 v7 i7 i7", "i7 bVII bVImaj7 v7"),
    ),
    "electro": (
        ("I I bVII bVII", "I bVII IV I", "vi vi IV V", "I I IV bVII"),
        ("i i i bVII", "i i bVI bVII", "i bIII bVII i", "i i bII bVII", "i iv i v",
         "i i bVI iv"),
    ),
}  # fmt: skip

# Contrasts for bridges and breaks: they leave the tonic and lead back to it.
BRIDGES: Table = (
    ("vi IV ii V", "IV V vi V", "ii iii IV V", "iv iv I V", "III7 VI7 II7 V7", "IV iii ii V",
     "vi iii IV V", "bVI bVII I V"),
    ("bVI bVII iv V", "iv bVII bIII V7", "bIII bVII iv v", "iv iv i V", "bVI bIII bVII V",
     "iv v bVI bVII"),
)  # fmt: skip
BRIDGES_WITH_SEVENTHS: Table = (
    ("III7 VI7 II7 V7", "IVmaj7 iv7 iii7 VI7 ii7 V7 Imaj7 V7", "v7 I7 IVmaj7 IVmaj7 vi7 II7 ii7 V7",
     "vi7 II7 ii7 V7", "IVmaj7 iii7 ii7 V7"),
    ("iv7 bVII7 bIIImaj7 V7", "bVImaj7 bIIImaj7 iim7b5 V7", "iv7 v7 bVImaj7 V7",
     "bIIImaj7 bVImaj7 iim7b5 V7"),
)  # fmt: skip

BLUES: Table = (
    ("I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
     "I7 IV7 I7 v7,I7 IV7 #ivdim I7 VI7 ii7 V7 I7,VI7 ii7,V7"),
    ("i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 V7", "i7 iv7 i7 i7 iv7 iv7 i7 i7 iim7b5 V7 i7 V7"),
)  # fmt: skip
