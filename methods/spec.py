"""The identity of a method in a run, and the short text that stands for it.

    [WRAP:] NAME [/LAYERS[=FUSE]] {+RULE[@δ]} [@δ] [ [key=value,...] ]

    LAYERS = last | stages | convs | S3 | S2-S5 | layer.NAME
    FUSE   = sum | minmax | max | tanh | product | gmean
    RULE   = fgbp | lt

NAME is a method or an alias. A δ at the end of the text is that of every rule that names none; the default is 50.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from methods.errors import MethodError
from methods.fusing import FUSE
from methods.registry import ALIASES, METHODS, WRAPPERS, did_you_mean, names
from methods.rules import RULES

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
    """What is computed, complete; equal specs are the same method.

    Attributes:
        name: a registered method, never an alias.
        layers: the layer choice; see the grammar.
        fuse: how the layers' maps become one.
        rules: (rule, δ in percent) in the order in which they act.
        options: (key, value) that differ from the method's defaults, sorted.
        wrapper: name of what wraps the method; empty for none.
    """

    name: str
    layers: str
    fuse: str = "sum"
    rules: tuple[tuple[str, float], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    wrapper: str = ""

    def __str__(self) -> str:
        """Return the short text; `parse` of it gives an equal spec."""
        for name in ALIASES:
            named = parse(name)
            same_rules = [rule for rule, _ in named.rules] == [rule for rule, _ in self.rules]
            if same_rules and len({delta for _, delta in self.rules}) == 1:
                named = dataclasses.replace(named, rules=self.rules)
            if named == dataclasses.replace(self, options=named.options, wrapper=""):
                deltas = f"@{self.rules[0][1]:g}" if self.rules else ""
                return self._wrap(name + deltas)
        text = self.name
        if self.fuse != "sum" or self.layers != METHODS[self.name].layers:
            text += f"/{self.layers}" + ("" if self.fuse == "sum" else f"={self.fuse}")
        return self._wrap(text + "".join(f"+{rule}@{delta:g}" for rule, delta in self.rules))

    def _wrap(self, text: str) -> str:
        options = ",".join(f"{key}={value}" for key, value in self.options)
        return (f"{self.wrapper}:" if self.wrapper else "") + text + (f"[{options}]" if options else "")


def parse(text: str, *, layers: str | None = None) -> MethodSpec:
    """Return the spec that `text` stands for.

    Args:
        text: see the grammar.
        layers: the layer choice if `text` names none, instead of the method's own default.

    Raises:
        MethodError: a name, layer choice, fusing, rule, δ or option is unknown; the message names the near ones.
    """
    wrapper, bare = _split_wrapper(text)
    name, match = _match_name(bare, text)
    base = parse(ALIASES[name]) if name in ALIASES else MethodSpec(name, METHODS[name].layers)
    layers = match["layers"] or layers or base.layers
    fuse = match["fuse"] or base.fuse
    if not LAYERS.fullmatch(layers):
        raise MethodError(
            f"{text!r}: {layers!r} is no choice of layers; write last, stages, convs, S3, S2-S5 or layer.NAME"
        )
    if fuse not in FUSE:
        raise MethodError(f"{text!r}: there is no fusing {fuse!r}; {did_you_mean(fuse, list(FUSE))}")
    rules = _parse_rules(match["rules"], match["delta"], base.rules, text)
    if rules and not METHODS[base.name].weighs_gradients:
        raise MethodError(f"{text!r}: {base.name} reads no gradient, so a gradient rule does nothing to it")
    options = dict(base.options) | _parse_options(match["options"] or "", base.name, text)
    return MethodSpec(base.name, layers, fuse, rules, tuple(sorted(options.items())), wrapper)


def split_list(text: str) -> list[str]:
    """Return the specs of a comma-separated list; commas between brackets belong to options."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def _split_wrapper(text: str) -> tuple[str, str]:
    wrapper, colon, bare = text.partition(":")
    if not colon:
        return "", text
    if wrapper not in WRAPPERS:
        known = did_you_mean(wrapper, list(WRAPPERS)) if WRAPPERS else "none is installed"
        raise MethodError(f"{text!r}: there is no wrapper {wrapper!r}; {known}")
    return wrapper, bare


def _match_name(bare: str, text: str) -> tuple[str, re.Match[str]]:
    """Return the longest known name that `bare` begins with and the match of what follows."""
    for name in sorted(names(), key=len, reverse=True):
        if bare.startswith(name) and (match := _REST.fullmatch(bare, len(name))):
            return name, match
    word = re.split(r"[/@\[]", bare, maxsplit=1)[0]
    if word in names():
        raise MethodError(f"{text!r}: what follows {word} cannot be read; write NAME/LAYERS=FUSE+RULE@δ[key=value]")
    raise MethodError(f"there is no method {word!r}; {did_you_mean(word, names())}")


def _parse_rules(
    chain: str, last: str | None, base: tuple[tuple[str, float], ...], text: str
) -> tuple[tuple[str, float], ...]:
    given: dict[str, str | None] = {rule: None if last is not None else f"{delta:g}" for rule, delta in base}
    for piece in filter(None, chain.split("+")):
        rule, at, delta = piece.partition("@")
        if rule not in RULES:
            raise MethodError(f"{text!r}: there is no rule {rule!r}; {did_you_mean(rule, list(RULES))}")
        if rule in given:
            raise MethodError(f"{text!r}: the rule {rule} stands twice")
        given[rule] = last = delta if at else None
    if last is not None and not given:
        raise MethodError(f"{text!r}: a δ belongs to a rule, and there is none; write NAME+lt@{last}")
    final = DEFAULT_DELTA if last is None else _delta(last, text)
    deltas = {rule: final if delta is None else _delta(delta, text) for rule, delta in given.items()}
    return tuple((rule, deltas[rule]) for rule in RULES if rule in deltas)


def _delta(number: str, text: str) -> float:
    try:
        delta = float(number)
    except ValueError:
        delta = -1.0
    if not 0 <= delta <= 100:
        raise MethodError(f"{text!r}: δ is a percentile from 0 to 100, not {number!r}")
    return delta


def _parse_options(inside: str, name: str, text: str) -> dict[str, Any]:
    """Return the options between the brackets that differ from the method's defaults."""
    known, options = METHODS[name].options, {}
    for piece in filter(None, inside.split(",")):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or key not in known:
            has = did_you_mean(key, list(known)) if known else f"{name} has none"
            raise MethodError(f"{text!r}: there is no option {piece.strip()!r}; {has}")
        options[key] = _option_value(value, known[key], f"{text!r}: {key}")
    return {key: value for key, value in options.items() if value != known[key]}


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
