"""The spec of a method, which is its identity in a run, and the short text that stands for it.

    [WRAP:] [LIBRARY:] NAME [/LAYERS[=FUSE]] {+RULE[@δ]} [@δ] [ [key=value,...] ]

    LAYERS = last | stages | convs | S3 | S2-S5 | layer.NAME
    FUSE   = sum | minmax | max | tanh | product | gmean
    RULE   = fgbp | lt

NAME is a method or an alias; behind a LIBRARY, pgc or captum, it is a method of that library. A δ at the end of the
text goes for every rule that names none; the default is 50. A key is an option of the method, or the name of an open
question in `methods.open_questions`.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from methods.errors import MethodError
from methods.fusing import FUSE
from methods.open_questions import READINGS
from methods.registry import ALIASES, LIBRARIES, METHODS, WRAPPERS, library_of, names
from methods.rules import RULES, Filter, Truncation
from methods.spelling import did_you_mean

DEFAULT_DELTA = 50.0
LAYERS = re.compile(r"last|stages|convs|S\d+|S\d+-S\d+|layer\.[\w.]+")
_REST = re.compile(
    r"(?:/(?P<layers>[\w.-]+)(?:=(?P<fuse>\w+))?)?"
    r"(?P<rules>(?:\+\w+(?:@[^@+\[\]]*)?)*)"
    r"(?:@(?P<delta>[^@+\[\]]*))?"
    r"(?:\[(?P<options>[^\[\]]*)\])?"
)


@dataclass(frozen=True)
class MethodSpec:
    """A complete description of what is computed; equal specs are the same method.

    Attributes:
        name: of a registered method, never an alias.
        layers: the layer choice; see the grammar.
        fuse: how the maps of the layers are fused.
        rules: (rule, δ in percent) in the order in which they act.
        options: (key, value) of those options and answers to open questions that differ from their defaults, sorted.
        wrapper: name of the wrapper around the method; empty for none.
    """

    name: str
    layers: str
    fuse: str = "sum"
    rules: tuple[tuple[str, float], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    wrapper: str = ""

    def __str__(self) -> str:
        """Return the short text, from which `parse` makes an equal spec."""
        name, options = self._alias() or (self._expanded(), self.options)
        inside = ",".join(f"{key}={value}" for key, value in options)
        return (f"{self.wrapper}:" if self.wrapper else "") + name + (f"[{inside}]" if inside else "")

    @property
    def filter(self) -> Filter | None:
        """The rule fgbp, if the spec has it."""
        delta = dict(self.rules).get("fgbp")
        if delta is None:
            return None
        return Filter(delta, self.reading("percentile"), self.reading("slope"), self.reading("equal"))

    @property
    def truncation(self) -> Truncation | None:
        """The rule lt, if the spec has it."""
        delta = dict(self.rules).get("lt")
        return None if delta is None else Truncation(delta, self.reading("percentile"), self.reading("kept"))

    @property
    def remark(self) -> str:
        """Return how the method departs from its paper, in a few words; empty where it does not.

        What it says of the method holds for its default layers and way of fusing, without rules.
        """
        method = METHODS[self.name]
        default = not self.rules and (self.layers, self.fuse) == (method.layers, "sum")
        outer = WRAPPERS[self.wrapper].remark if self.wrapper else ""
        return "; ".join(filter(None, (outer, method.remark if default else "")))

    def reading(self, question: str) -> str:
        """Return this spec's answer to a question in `methods.open_questions.READINGS`."""
        return str(dict(self.options).get(question, READINGS[question].default))

    def own_options(self) -> dict[str, Any]:
        """Return the method's own options, without answers to open questions."""
        return {key: value for key, value in self.options if key not in READINGS}

    def at(self, delta: float) -> MethodSpec:
        """Return the same spec with `delta`, in percent, in every rule."""
        return dataclasses.replace(self, rules=tuple((rule, float(delta)) for rule, _ in self.rules))

    def _expanded(self) -> str:
        text = self.name
        if self.fuse != "sum" or self.layers != METHODS[self.name].layers:
            text += f"/{self.layers}" + ("" if self.fuse == "sum" else f"={self.fuse}")
        return text + "".join(f"+{rule}@{_plain(delta)}" for rule, delta in self.rules)

    def _alias(self) -> tuple[str, tuple[tuple[str, Any], ...]] | None:
        """Return an alias, with its δ, that stands for this spec, and the options that are not part of the alias."""
        deltas = {delta for _, delta in self.rules}
        if len(deltas) > 1:
            return None
        suffix = "".join(f"@{_plain(delta)}" for delta in deltas)
        for name in ALIASES:
            named = parse(name)
            fits = [rule for rule, _ in named.rules] == [rule for rule, _ in self.rules]
            if fits and set(named.options) <= set(self.options) and (named := parse(name + suffix)):
                left = tuple(option for option in self.options if option not in named.options)
                if dataclasses.replace(named, options=self.options, wrapper=self.wrapper) == self:
                    return name + suffix, left
        return None


@dataclass(frozen=True)
class _Pieces:
    """The parts of a text, as they stand there; the δ of a rule that names none is None."""

    name: str
    layers: str | None
    fuse: str | None
    rules: tuple[tuple[str, str | None], ...]
    delta: str | None
    options: tuple[str, ...]


def parse(text: str, *, layers: str | None = None) -> MethodSpec:
    """Return the spec for which `text` stands.

    Args:
        text: see the grammar.
        layers: the layer choice if `text` names none, instead of the method's own default.

    Raises:
        MethodError: a name, layer choice, way of fusing, rule, δ or option is unknown; the message names similar ones.

    Examples:
        >>> parse("lt-grad-cam/S2-S4=max@30")
        MethodSpec(name='grad-cam', layers='S2-S4', fuse='max', rules=(('lt', 30.0),), options=(), wrapper='')
    """
    wrapper, bare = _split_wrapper(text)
    pieces = _pieces(bare, text, layers)
    method = METHODS[pieces.name]
    if "biases" in method.reads and pieces.layers not in {None, layers, method.layers}:
        raise MethodError(
            f"{text!r}: {pieces.name} reads every layer that has a bias; write /{method.layers} or nothing"
        )
    chosen = method.layers if "biases" in method.reads else pieces.layers or method.layers
    fuse = pieces.fuse or "sum"
    if not LAYERS.fullmatch(chosen):
        raise MethodError(
            f"{text!r}: {chosen!r} is no choice of layers; write last, stages, convs, S3, S2-S5 or layer.NAME"
        )
    if fuse not in FUSE:
        raise MethodError(f"{text!r}: there is no fusing {fuse!r}; {did_you_mean(fuse, list(FUSE))}")
    rules = _rules(pieces, text)
    if rules and not method.obeys_rules:
        raise MethodError(f"{text!r}: {pieces.name} reads no gradient of ours, so a gradient rule does nothing to it")
    if pieces.fuse and not method.fuses:
        raise MethodError(f"{text!r}: {pieces.name} joins its layers by itself; leave ={pieces.fuse} out")
    spec = MethodSpec(pieces.name, chosen, fuse, rules, _options(pieces, text), wrapper)
    _check_readings(spec, text)
    return spec


def _split_wrapper(text: str) -> tuple[str, str]:
    match = re.match(r"([^/@+\[:]*):", text)
    if not match or match[1] in LIBRARIES:
        return "", text
    if match[1] not in WRAPPERS:
        known = did_you_mean(match[1], list(WRAPPERS))
        libraries = " and ".join(f"{prefix}:" for prefix in LIBRARIES)
        raise MethodError(
            f"{text!r}: there is no wrapper {match[1]!r}; {known}; methods of libraries begin with {libraries}"
        )
    return match[1], text[match.end() :]


def _pieces(bare: str, text: str, layers: str | None = None) -> _Pieces:
    """Take `bare` apart; an alias is replaced by its spec, to which the rest of the text is added.

    `layers` are the layers if `bare` itself names none.
    """
    name, match = _match_name(bare, text)
    rules = tuple(
        (rule, delta if at else None)
        for rule, at, delta in (piece.partition("@") for piece in match["rules"].split("+") if piece)
    )
    given = _Pieces(
        name,
        match["layers"] or layers,
        match["fuse"],
        rules,
        match["delta"],
        tuple((match["options"] or "").split(",")),
    )
    if name not in ALIASES:
        return given
    base = _pieces(ALIASES[name].spec, text)
    inherited = tuple((rule, None if given.delta is not None else delta) for rule, delta in base.rules)
    return _Pieces(
        base.name,
        given.layers or base.layers,
        given.fuse or base.fuse,
        (*inherited, *given.rules),
        base.delta if given.delta is None else given.delta,
        (*base.options, *given.options),
    )


def _match_name(bare: str, text: str) -> tuple[str, re.Match[str]]:
    """Return the longest known name with which `bare` begins, and the match of what follows."""
    known = names(library_of(bare))
    for name in sorted(known, key=len, reverse=True):
        if bare.startswith(name) and (match := _REST.fullmatch(bare, len(name))):
            return name, match
    word = re.split(r"[/@\[]", bare, maxsplit=1)[0]
    if word in known:
        raise MethodError(f"{text!r}: what follows {word} cannot be read; write NAME/LAYERS=FUSE+RULE@δ[key=value]")
    raise MethodError(f"there is no method {word!r}; {did_you_mean(word, known)}")


def _rules(pieces: _Pieces, text: str) -> tuple[tuple[str, float], ...]:
    """Return the rules in the order in which they act, each with its δ."""
    known: dict[str, str | None] = {}
    for rule, delta in pieces.rules:
        if rule not in RULES:
            raise MethodError(f"{text!r}: there is no rule {rule!r}; {did_you_mean(rule, list(RULES))}")
        if rule in known:
            raise MethodError(f"{text!r}: the rule {rule} stands twice")
        known[rule] = delta
    if pieces.delta is not None and not known:
        raise MethodError(f"{text!r}: a δ belongs to a rule, and there is none; write NAME+lt@{pieces.delta}")
    at_the_end = pieces.rules[-1][1] if pieces.delta is None and known else pieces.delta
    final = DEFAULT_DELTA if at_the_end is None else _delta(at_the_end, text)
    deltas = {rule: final if delta is None else _delta(delta, text) for rule, delta in known.items()}
    return tuple((rule, deltas[rule]) for rule in RULES if rule in deltas)


def _delta(number: str, text: str) -> float:
    try:
        delta = float(number)
    except ValueError:
        delta = -1.0
    if not 0 <= delta <= 100:
        raise MethodError(f"{text!r}: δ is a percentile from 0 to 100, not {number!r}")
    return delta


def _plain(delta: float) -> str:
    """Write δ so that it is read back as the same number: 50 and not 50.0."""
    return repr(float(delta)).removesuffix(".0")


def _options(pieces: _Pieces, text: str) -> tuple[tuple[str, Any], ...]:
    """Return the options that differ from their defaults, sorted; of several with one key, the last counts."""
    own = METHODS[pieces.name].options
    known = own | {key: reading.default for key, reading in READINGS.items()}
    options = {}
    for piece in filter(None, pieces.options):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or key not in known:
            raise MethodError(f"{text!r}: there is no option {piece.strip()!r}; {did_you_mean(key, list(known))}")
        options[key] = _option_value(value, known[key], f"{text!r}: {key}")
    return tuple(sorted((key, value) for key, value in options.items() if value != known[key]))


def _check_readings(spec: MethodSpec, text: str) -> None:
    """Raise `MethodError` if an answer to an open question is unknown, or the question does not arise for `spec`."""
    for key, answer in spec.options:
        if key not in READINGS:
            continue
        reading = READINGS[key]
        if answer not in reading.answers:
            raise MethodError(f"{text!r}: {key} is {' or '.join(reading.answers)}, not {answer!r}")
        if reading.rules and not {rule for rule, _ in spec.rules} & set(reading.rules):
            raise MethodError(f"{text!r}: {key} is a reading of the rule {' or '.join(reading.rules)}; add it")
        if reading.fuses and spec.fuse not in reading.fuses:
            raise MethodError(f"{text!r}: {key}={answer} goes with the fusing {' or '.join(reading.fuses)} only")


def _option_value(value: str, default: Any, where: str) -> Any:
    """Read `value` as the type of the option's default."""
    if isinstance(default, bool):
        if value not in {"True", "False"}:
            raise MethodError(f"{where} is True or False, not {value!r}")
        return value == "True"
    try:
        return type(default)(value)
    except ValueError as error:
        raise MethodError(f"{where} is of type {type(default).__name__}, not {value!r}") from error
