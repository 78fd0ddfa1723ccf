"""Drum grooves by family and metre, in sixteenths.

"X" is an accent that always plays, "x" a hit of a plain groove, "o" one of a fuller groove, "g" a
ghost note, "r" a rare one. Several grooves of a metre are alternatives; a groove of twice a bar's
steps is one of two bars.
"""

from __future__ import annotations

KICK, STICK, SNARE, CLAP, HAT, PEDAL, OPEN_HAT = 36, 37, 38, 39, 42, 44, 46
CRASH, RIDE, BELL, TAMBOURINE, COWBELL, CONGA, SHAKER = 49, 51, 53, 54, 56, 63, 70
TOMS = (50, 47, 45, 43)  # high to low
HATS = frozenset({HAT, PEDAL, OPEN_HAT})

Grid = dict[int, str]
GRIDS: dict[str, dict[tuple[int, int], tuple[Grid, ...]]] = {
    "floor": {
        (4, 4): (
            {KICK: "X...X...X...X..r", CLAP: "....x.......x..g", OPEN_HAT: "..x...x...x...x.",
             HAT: "o.g.o.g.o.g.o.gr", SHAKER: "g.gog.gog.gog.go"},
            {KICK: "X...X...X...X.r.", SNARE: "....x..r....x..g", OPEN_HAT: "..x...x...x...o.",
             HAT: "ogrgogrgogrgogrg", COWBELL: "...r..g...r..g.."},
            {KICK: "X...X...X...X...", CLAP: "....x.......x...", HAT: "x.oox.oox.oox.oo",
             OPEN_HAT: "......g.......x.", CONGA: "..g..g.r..g..g.o", STICK: "...r..g...g..r.."},
        ),
        (3, 4): (
            {KICK: "X...X...X...", CLAP: "....x...o...", OPEN_HAT: "..x...x...x.",
             HAT: "o.g.o.g.o.gr", SHAKER: "g.gog.gog.go"},
        ),
        (6, 8): (
            {KICK: "X..r..X.....", CLAP: "......x....g", OPEN_HAT: "....x.....x.",
             HAT: "x.o.o.x.o.o.", SHAKER: "g.gogog.gogo"},
        ),
        (5, 4): (
            {KICK: "X...X...X...X...X...", CLAP: "....x.......x...g...",
             OPEN_HAT: "..x...x...x...x...x.", HAT: "o.g.o.g.o.g.o.g.o.gr",
             SHAKER: "g.gog.gog.gog.gog.go"},
        ),
        (7, 8): (
            {KICK: "X...X...X..o..", CLAP: "....x.......x.", OPEN_HAT: "..x...x...x...",
             HAT: "o.g.o.g.o.g.og", SHAKER: "g.gog.gog.gogo"},
        ),
    },
    "techno": {
        (4, 4): (
            {KICK: "X...X...X...X...", HAT: "..x...x...x...x.", CLAP: "....g.......o...",
             RIDE: "g.o.g.o.g.o.g.o.", STICK: "...g..r...g..r.g", COWBELL: "......r...o....."},
            {KICK: "X...X...X...X.r.", OPEN_HAT: "..x...x...x...x.", HAT: "oggooggooggoogg.",
             STICK: "..r..g....r..o..", CLAP: "............g..r"},
        ),
        (3, 4): ({KICK: "X...X...X...", HAT: "..x...x...x.", RIDE: "g.o.g.o.g.o.",
                  STICK: "...g..r..g.r"},),
        (6, 8): ({KICK: "X.....X..o..", HAT: "..x.x...x.x.", RIDE: "g.o.o.g.o.o.",
                  STICK: "...g...r.g.."},),
        (5, 4): ({KICK: "X...X...X...X...X...", HAT: "..x...x...x...x...x.",
                  RIDE: "g.o.g.o.g.o.g.o.g.o.", STICK: "...g..r...g..r..g..r"},),
        (7, 8): ({KICK: "X...X...X...o.", HAT: "..x...x...x.x.", RIDE: "g.o.g.o.g.o.o.",
                  STICK: "...g..r..g...r"},),
    },
    "backbeat": {
        (4, 4): (
            {KICK: "X.....r.x.o.....", SNARE: "....X..g....X..g", HAT: "x.o.x.o.x.o.x.or",
             TAMBOURINE: "..g...g...g...g."},
            {KICK: "X..o....x..o..r.", SNARE: "....X.......X.rg", HAT: "xgogxgogxgogxgog",
             OPEN_HAT: "..............r."},
            {KICK: "X.....x..ro...r.", SNARE: "....X....g..X...", HAT: "x.o.x.o.x.o.x.o.",
             SHAKER: "g.ggg.ggg.ggg.gg"},
        ),
        (3, 4): ({KICK: "X.......r.o.", SNARE: "....x...X..g", HAT: "x.o.x.o.x.o."},
                 {KICK: "X.....o.....", SNARE: "........X..g", HAT: "x.o.x.o.xgo."}),
        (6, 8): ({KICK: "X...r.....o.", SNARE: "......X..g.g", HAT: "x.o.x.x.o.x."},
                 {KICK: "X...o....r..", SNARE: "......X.....", HAT: "xgo.ogxgo.og"}),
        (5, 4): ({KICK: "X.....o.....X...r.o.", SNARE: "....X...r..g....X..g",
                  HAT: "x.o.x.o.x.o.x.o.x.o."},
                 {KICK: "X..o....x...x.....r.", SNARE: "....X.......X...o..g",
                  HAT: "x.o.x.o.x.o.x.o.x.o."}),
        (7, 8): ({KICK: "X..o....x..r..", SNARE: "....X..g....x.", HAT: "x.o.x.o.x.o.o."},
                 {KICK: "X.....r.X.....", SNARE: "....X......og.", HAT: "xgo.xgo.xgo.og"}),
    },
    "halftime": {
        (4, 4): (
            {KICK: "X......o..x...r.", SNARE: "....X..g....X..g", HAT: "x.o.x.o.x.o.x.og"},
            {KICK: "X..o......x..r..", SNARE: "....X....g..X.r.", HAT: "x.ogx.o.x.ogx.o.",
             OPEN_HAT: "......r.......r."},
            {KICK: "X.o....r..xo....", SNARE: "....X..r.g..X...", HAT: "x.o.x.o.x.o.x.g."},
        ),
        (3, 4): ({KICK: "X.....ro....", SNARE: "........X..g", HAT: "x.o.x.o.x.og"},),
        (6, 8): ({KICK: "X...o...r.o.", SNARE: "......X..g..", HAT: "x.o.x.x.o.og"},),
        (5, 4): ({KICK: "X......o....x.r...o.", SNARE: "....X..g........X..g",
                  HAT: "x.o.x.o.x.o.x.o.x.og"},),
        (7, 8): ({KICK: "X..o....x.r...", SNARE: "....X..g....o.", HAT: "x.o.x.o.x.o.og"},),
    },
    "trap": {
        (4, 4): (
            {KICK: "X.....o..ro.....", CLAP: "........X.......", HAT: "x.xox.xox.xox.oo",
             OPEN_HAT: "..............r.", STICK: "...r..g......r.."},
            {KICK: "X..o......x..r..", SNARE: "........X......g", HAT: "xgxgxoxgxgxgxoxo"},
        ),
        (3, 4): ({KICK: "X....o....r.", CLAP: "......X.....", HAT: "x.xox.xox.oo"},),
        (6, 8): ({KICK: "X...o....r..", CLAP: "......X.....", HAT: "xgx.xgxgxoxo"},),
        (5, 4): ({KICK: "X.....o.....x..r....", CLAP: "........X.......o...",
                  HAT: "x.xox.xox.xox.xox.oo"},),
        (7, 8): ({KICK: "X..o......x.r.", CLAP: "........X.....", HAT: "x.xox.xox.xoxo"},),
    },
    "bossa": {
        (4, 4): (
            {KICK: "X.....o.X.....o.X.....o.X.....o.", STICK: "x.....x.....x.......x.....x.....",
             HAT: "o.o.o.o.o.o.o.o.o.o.o.o.o.o.o.o.", SHAKER: "g.gog.gog.gog.go" * 2},
            {KICK: "X.....x.X.....o.X.....x.X...r.o.", STICK: "....x.....x.....x.....x.....x...",
             HAT: "o.o.o.o.o.o.o.og" * 2, SHAKER: "oggoogggogggoggg" * 2},
            {KICK: "X.....x.X.....x.X.....x.X...r.x.", STICK: "x.....x.......x.....x.....x.....",
             HAT: "x.o.x.o.x.o.x.o." * 2, CONGA: "......g......goo......g...g..g.o"},
        ),
        (3, 4): ({KICK: "X.....o...o.", STICK: "x...x.....x.", HAT: "o.o.o.o.o.o.",
                  SHAKER: "g.gog.gog.go"},),
        (6, 8): ({KICK: "X...o.X...o.", STICK: "x...x...x...", HAT: "o.o.o.o.o.o.",
                  SHAKER: "gggoggggg.og"},),
        (5, 4): ({KICK: "X.....o.X.....o.X...", STICK: "x.....x...x...x...x.",
                  HAT: "o.o.o.o.o.o.o.o.o.o.", SHAKER: "g.gog.gog.gog.gog.go"},),
        (7, 8): ({KICK: "X.....o.X...o.", STICK: "x...x.....x.x.", HAT: "o.o.o.o.o.o.o.",
                  SHAKER: "g.gog.gog.gogo"},),
    },
    # The snare on two and four of a fast bar, with the kick between them off the beat.
    "breakbeat": {
        (4, 4): (
            {KICK: "X.........X..r..", SNARE: "....X..g.g..X..g", HAT: "x.o.x.o.x.o.x.oo",
             RIDE: "r...r...r...r..."},
            {KICK: "X.x.......X.....", SNARE: "....X..g.g.gX...", HAT: "x.ogx.o.x.ogx.o.",
             SHAKER: "g.gog.gog.gog.go"},
            {KICK: "X.x......gxo....X.x.......xo....", SNARE: "....X..g.g..X..g....X..g.g....Xg",
             HAT: "x.o.x.o.x.o.x.o." * 2, OPEN_HAT: "..............................r."},
        ),
        (3, 4): ({KICK: "X.....x.....", SNARE: "....X..g..X.", HAT: "x.o.x.o.x.o."},),
        (6, 8): ({KICK: "X...x.......", SNARE: "......X.g.g.", HAT: "x.o.x.x.o.x."},),
        (5, 4): ({KICK: "X.........X.....X...", SNARE: "....X..g.g..X..g..X.",
                  HAT: "x.o.x.o.x.o.x.o.x.o."},),
        (7, 8): ({KICK: "X.........x...", SNARE: "....X..g....X.", HAT: "x.o.x.o.x.o.x."},),
    },
    # Reggae: kick and stick together on the third beat, nothing on the first.
    "one drop": {
        (4, 4): (
            {KICK: "........X.......", STICK: "........X......r", HAT: "x.x.x.xgx.x.x.xg",
             OPEN_HAT: "..............r.", CONGA: "r..r..g...r..g.."},
            {KICK: "........X.....r.", STICK: "....r...X...r..g", HAT: "xgx.xgx.xgx.xgx.",
             TAMBOURINE: "....g.......g..."},
        ),
        (3, 4): ({KICK: "....X.......", STICK: "....X.....r.", HAT: "x.x.x.x.x.x."},),
        (6, 8): ({KICK: "......X.....", STICK: "......X...r.", HAT: "x.x.x.x.x.x."},),
        (5, 4): ({KICK: "........X.......o...", STICK: "........X...........",
                  HAT: "x.x.x.xgx.x.x.xgx.x."},),
        (7, 8): ({KICK: "........X.....", STICK: "........X...r.", HAT: "x.x.x.x.x.x.x."},),
    },
    "steppers": {
        (4, 4): (
            {KICK: "X...X...X...X...", STICK: "........X..r...g", HAT: "..x...x...x...xg",
             CONGA: "...g..r...g..g.."},
            {KICK: "X...X...X...X...", SNARE: "........X......g", HAT: "x.xgx.xgx.xgx.xg",
             SHAKER: "..o...o...o...o."},
        ),
        (3, 4): ({KICK: "X...X...X...", STICK: "....X......r", HAT: "..x...x...x."},),
        (6, 8): ({KICK: "X.....X.....", STICK: "......X...r.", HAT: "..x.x...x.x."},),
        (5, 4): ({KICK: "X...X...X...X...X...", STICK: "........X...........",
                  HAT: "..x...x...x...x...x."},),
        (7, 8): ({KICK: "X...X...X.....", STICK: "........X.....", HAT: "..x...x...x.x."},),
    },
    # The kick leaves out the second and the fourth beat, and the hats shuffle.
    "two step": {
        (4, 4): (
            {KICK: "X.........X.....", SNARE: "....X.......X..g", HAT: "o.xgo.xgo.xgo.xg",
             OPEN_HAT: "......r.......x.", STICK: ".......r.g.....r"},
            {KICK: "X..r......X..o..", CLAP: "....X.......X...", HAT: "..x..gx...x..gx.",
             SHAKER: "g.gog.gog.gog.go", STICK: "...g...g..r....."},
            {KICK: "X......o..x...X.", SNARE: "....X..g....X..g", HAT: "xgo.xgo.xgo.xgo."},
        ),
        (3, 4): ({KICK: "X.....x...r.", SNARE: "....X.....Xg", HAT: "o.xgo.xgo.xg"},),
        (6, 8): ({KICK: "X...o.......", SNARE: "......X..g..", HAT: "o.xgo.o.xgo."},),
        (5, 4): ({KICK: "X.........X.......o.", SNARE: "....X.......X...g...",
                  HAT: "o.xgo.xgo.xgo.xgo.xg"},),
        (7, 8): ({KICK: "X.......o.....", SNARE: "....X.......X.", HAT: "o.xgo.xgo.xgo."},),
    },
    # A drum machine that is programmed like a break: no floor, claps with the snare.
    "electro": {
        (4, 4): (
            {KICK: "X..X......X..r..", SNARE: "....X.......X...", CLAP: "....o.......o..g",
             HAT: "x.o.x.o.x.o.x.o.", COWBELL: "..r..r....r..r.."},
            {KICK: "X.....X...X.o...", SNARE: "....X.......X..g", HAT: "xoxoxoxoxoxoxoxo",
             OPEN_HAT: "......r.......x.", STICK: "..r....g..r....g"},
            {KICK: "X..x..x...x.....", SNARE: "....X.......X...", HAT: "xgogxgogxgogxgog",
             TAMBOURINE: "....g.......g...", CONGA: ".......r.g.....r"},
        ),
        (3, 4): ({KICK: "X..x..x.....", SNARE: "....X.......", HAT: "x.o.x.o.x.o."},),
        (6, 8): ({KICK: "X..x....o...", SNARE: "......X.....", HAT: "x.o.o.x.o.o."},),
        (5, 4): ({KICK: "X..X......X.....o...", SNARE: "....X.......X.......",
                  HAT: "x.o.x.o.x.o.x.o.x.o."},),
        (7, 8): ({KICK: "X..x....x.....", SNARE: "....X.......o.", HAT: "x.o.x.o.x.o.o."},),
    },
    # Two felt bars of swing to a bar: a beat is two steps, and every second step swings.
    "ride": {
        (4, 4): (
            {RIDE: "X.xoX.xoX.xoX.xo", PEDAL: "..x...x...x...x.", KICK: "o.g.o.g.o.g.o.g.",
             SNARE: "r..g.r.r..g..r.g"},
            {RIDE: "X.xoXrxoX.xoXrxo", PEDAL: "..x...x...x...x.", KICK: "g..r..g..r.g...r",
             SNARE: ".r.g..r..g.r..g."},
        ),
        (3, 4): ({RIDE: "X.xox.X.xox.", PEDAL: "..x.x...x.x.", KICK: "o...r.o...r.",
                  SNARE: "r..g.r...r.g"},),
        (6, 8): ({RIDE: "X.xox.X.xox.", PEDAL: "....x.....x.", KICK: "o.r...o..r..",
                  SNARE: ".r...g..r..g"},),
        (5, 4): ({RIDE: "X.xox.X.xoX.xox.X.xo", PEDAL: "..x.x...x...x.x...x.",
                  KICK: "o.....g...o.....g..r", SNARE: "r..g.r...r.g..r..g.r"},),
        (7, 8): ({RIDE: "X.xoX.xoX.xox.", PEDAL: "..x...x...x.x.", KICK: "o...g...o..r..",
                  SNARE: "r..g.r.r..g..g"},),
    },
    "sparse": {
        (4, 4): ({KICK: "X.........o.....", SHAKER: "..o...o...o...o.", STICK: "........g....r.."},
                 {KICK: "X.......g.......", RIDE: "....o.......x...", BELL: "..r.......r.....",
                  TAMBOURINE: "............g..."}),
        (3, 4): ({KICK: "X.......r...", SHAKER: "..o...o...o.", STICK: "........g..r"},),
        (6, 8): ({KICK: "X...........", SHAKER: "..o.o...o.o.", STICK: "......g....r"},),
        (5, 4): ({KICK: "X...........o.......", SHAKER: "..o...o...o...o...o.",
                  RIDE: "....o...........x..."},),
        (7, 8): ({KICK: "X.......o.....", SHAKER: "..o...o...o.o.", STICK: "....g......r.."},),
    },
}  # fmt: skip


def _changed(
    family: str, keys: dict[int, int], extra: Grid
) -> dict[tuple[int, int], tuple[Grid, ...]]:
    """Return a family with other instruments, and with some lines of its 4/4 grooves replaced."""
    changed = {}
    for metre, grids in GRIDS[family].items():
        own = extra if metre == (4, 4) else {}
        changed[metre] = tuple(
            {keys.get(key, key): line for key, line in grid.items()} | own for grid in grids
        )
    return changed


GRIDS["rock"] = _changed("backbeat", {TAMBOURINE: RIDE}, {KICK: "X.....o.x.x....r"})
GRIDS["ballad"] = _changed(
    "backbeat", {SNARE: STICK}, {KICK: "X.........o...r.", HAT: "x.o.x.o.x.o.x.o."}
)
GRIDS["break"] = _changed("halftime", {}, {KICK: "X.x....r..xo....", SNARE: "....X..g.g..X..g"})
GRIDS["lofi"] = _changed("halftime", {SNARE: STICK}, {})
GRIDS["brushes"] = _changed(
    "ride", {SNARE: SHAKER}, {RIDE: "X...xo..X...xo..", SHAKER: "o.g.o.g.o.g.o.g."}
)
