"""The formulas of `expr`: numbers as in C, arguments as $i1 and $f1."""

import math
import operator as operators
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.clients.max_interpreter.atoms import MaxError

Number = int | float
TOKEN = re.compile(
    r"\s*(\$[if][1-9]|\d+\.\d*|\.\d+|\d+|[a-z]+|&&|\|\||[=!<>]=|<<|>>|[-+*/%()<>&|^!~,])"
)
LEVELS = (  # operators from the loosest to the tightest, as in C
    ("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
COMPARISONS = {
    "==": operators.eq, "!=": operators.ne, "<": operators.lt, "<=": operators.le,
    ">": operators.gt, ">=": operators.ge,
}  # fmt: skip


@dataclass
class Expression:
    """A formula that is read anew for each value: our formulas are short."""

    tokens: list[str]
    inlets: int
    _at: int = 0
    _values: Sequence[Number] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Return the formula of a text.

        >>> Expression.parse("int($f1 * 100. + 0.5)").value([0.5])
        50
        """
        tokens, at, text = [], 0, text.strip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise MaxError(f"expr: cannot read {text[at:]!r}")
            tokens.append(found[1])
            at = found.end()
        numbers = [int(token[2]) for token in tokens if token.startswith("$")]
        formula = cls(tokens, max(numbers, default=1))
        formula.value([1] * formula.inlets)
        return formula

    def value(self, values: Sequence[Number]) -> Number:
        """Return the value of the formula. values: of the inlets."""
        self._at, self._values = 0, values
        found = self._level(0)
        if self._at != len(self.tokens):
            raise MaxError(f"expr: {self.tokens[self._at :]} is too much")
        return found

    def _next(self) -> str:
        return self.tokens[self._at] if self._at < len(self.tokens) else ""

    def _level(self, level: int) -> Number:
        if level == len(LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while (operator := self._next()) in LEVELS[level]:
            self._at += 1
            left = _apply(operator, left, self._level(level + 1))
        return left

    def _unary(self) -> Number:
        token = self._next()
        self._at += 1
        if token == "-":
            return -self._unary()
        if token == "!":
            return int(not self._unary())
        if token == "(":
            found = self._level(0)
            self._expect(")")
            return found
        if token in ("int", "float"):
            self._expect("(")
            found = self._level(0)
            self._expect(")")
            return int(found) if token == "int" else float(found)
        if token.startswith("$"):
            value = self._values[int(token[2]) - 1]
            return int(value) if token[1] == "i" else float(value)
        try:
            return float(token) if "." in token else int(token)
        except ValueError:
            raise MaxError(f"expr: {token!r} is not known here") from None

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise MaxError(f"expr: no {token} before {self._next()!r}")
        self._at += 1


def _apply(operator: str, a: Number, b: Number) -> Number:
    if operator in COMPARISONS:
        return int(COMPARISONS[operator](a, b))
    match operator:
        case "||":
            return int(bool(a) or bool(b))
        case "&&":
            return int(bool(a) and bool(b))
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "%":
            return int(math.fmod(a, b))
    if isinstance(a, int) and isinstance(b, int):
        return int(a / b) if b else 0
    return a / b if b else math.inf
