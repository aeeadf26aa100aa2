"""Pages: what they link to is there, and what they list is all that there is."""

import re
from pathlib import Path

import pytest

from methods.fusing import FUSE
from methods.open_questions import READINGS
from methods.registry import ALIASES, METHODS, WRAPPERS
from methods.rules import RULES
from results.metrics.formulas import METRICS

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "pages"
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(PAGES.rglob("*.md"))]
GENERATED = {PAGES / name for name in ("commands.md", "datasets.md", "results.md", "methods")}
TEXTS = {path: path.read_text(encoding="utf-8") for path in WRITTEN}


def is_generated(path):
    return not GENERATED.isdisjoint([path, *path.parents])


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_links_to_and_shows_is_there(page):
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]) if "://" not in link]
    targets = [(page.parent / link).resolve() for link in links if link]
    assert [target for target in targets if not target.exists() and not is_generated(target)] == []


def test_every_page_stands_in_the_navigation():
    listed = set(re.findall(r"\(([\w/.-]+\.md)\)", TEXTS[PAGES / "SUMMARY.md"]))
    there = {path.relative_to(PAGES).as_posix() for path in TEXTS if PAGES in path.parents and not is_generated(path)}
    assert there - {"SUMMARY.md"} <= listed


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("specs.md", [*FUSE, *RULES, *WRAPPERS]),
        ("readings.md", [*READINGS, *(answer for reading in READINGS.values() for answer in reading.answers)]),
        ("metrics.md", [*METRICS, "otsu", "fixed:", "percentile:", "tuned", "oracle"]),
    ],
)
def test_a_page_that_lists_names_lists_all(page, names):
    assert [name for name in names if f"`{name}" not in TEXTS[PAGES / page]] == []


def test_every_term_of_the_glossary_has_a_meaning_and_stands_once():
    text = TEXTS[PAGES / "glossary.md"]
    terms = re.findall(r"^([^\s#:].*)\n: ", text, re.MULTILINE)
    assert len(terms) > 50
    assert len(terms) == text.count("\n: ") == len(set(terms))


def test_every_paper_that_a_method_names_stands_in_full():
    named = " ".join(one.paper for registry in (METHODS, ALIASES, WRAPPERS) for one in registry.values())
    cited = set(re.findall(r"[A-Z]\w+ (?:et al\.|and [A-Z]\w+) 20\d\d", named))
    assert len(cited) > 15
    text = TEXTS[PAGES / "papers.md"]
    assert [one for one in cited if not re.search(rf"^{one}\b.*\n: ", text, re.MULTILINE)] == []
