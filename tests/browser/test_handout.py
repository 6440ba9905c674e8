"""Handout and slides in a real browser: from files alone, for everybody, on a telephone, on paper, by the keyboard."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from archlab.course.handout import handout, read_chapters, slides, write_folder
from archlab.course.kept import chapter_notebooks
from archlab.course.notebooks import ROOT
from tests.browser.conftest import LAPTOP

TELEPHONE = {"width": 390, "height": 844}
PROJECTOR = {"width": 1280, "height": 720}
A4 = {"width": 680, "height": 1000}
"""The room for text on a sheet, in CSS pixels."""
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
FORMS = {"full": True, "blank": False}
PAGES = [*(f"{path.stem}.html" for path in chapter_notebooks(ROOT)), "index.html"]
OUTSIDE_PAPER = """() => [...document.querySelectorAll("main table, main img, main pre")]
  .filter(e => e.getBoundingClientRect().right > document.querySelector("main").getBoundingClientRect().right + 2)
  .map(e => e.outerHTML.slice(0, 100))"""
BROKEN = "() => [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src.slice(-60))"
TOO_LARGE = """() => all.map((slide, k) => {
  show(k, false);
  const figure = slide.querySelector("img");
  const small = figure && figure.clientHeight < 250;
  return slide.scrollHeight > innerHeight + 1 || slide.scrollWidth > innerWidth + 1 || small ? k + 1 : 0;
}).filter(Boolean)"""


class Opened:
    """A page of the browser that notes every request that is for no file of the handout."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.outside: list[str] = []
        self.missing: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("requestfailed", lambda request: self.missing.append(f"{request.failure} {request.url}"))

    def open(self, name: str, place: str = "") -> Page:
        self.page.goto((self.folder / name).as_uri() + place)
        return self.page

    def violations(self) -> list[str]:
        """What axe finds wrong on the page."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("() => axe.run({resultTypes: ['violations'], preload: false})")[
            "violations"
        ]
        return [f"{one['id']}: {[node['html'][:150] for node in one['nodes']]}" for one in found]

    def _note(self, url: str) -> None:
        if not url.startswith(("file:", "data:")):
            self.outside.append(url)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both forms and the slides, written once."""
    where = tmp_path_factory.mktemp("handout")
    chapters = read_chapters(chapter_notebooks(ROOT))
    for form, with_answers in FORMS.items():
        write_folder(where / form, handout(chapters, with_answers))
    write_folder(where / "slides", slides(chapters))
    return where


@pytest.fixture(scope="module")
def opened(folder: Path, browser: Browser) -> Iterator[Opened]:
    context = browser.new_context(viewport=LAPTOP, offline=True)
    page = context.new_page()
    yield Opened(page, folder)
    context.close()


@pytest.fixture(scope="module")
def shown(opened: Opened) -> Page:
    """The slides on a projector."""
    opened.page.set_viewport_size(PROJECTOR)
    page = opened.open("slides/slides.html")
    yield page
    page.set_viewport_size(LAPTOP)


@pytest.mark.parametrize(
    ("name", "folds"), [*((name, "details.answer") for name in PAGES), (PAGES[-2], "details")]
)
def test_axe_finds_nothing_wrong_with_open_folds(opened: Opened, name: str, folds: str):
    """Those of the answers; and on one page those of the code, which looks alike on all."""
    page = opened.open(f"full/{name}")
    page.evaluate("folds => document.querySelectorAll(folds).forEach(d => { d.open = true; })", folds)
    assert opened.violations() == []


@pytest.mark.parametrize("name", [PAGES[1], "index.html"])
def test_axe_finds_nothing_wrong_without_answers(opened: Opened, name: str):
    opened.open(f"blank/{name}")
    assert opened.violations() == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_fits_on_a_telephone_and_on_paper(opened: Opened, form: str, name: str):
    page = opened.open(f"{form}/{name}")
    assert page.evaluate(BROKEN) == []
    page.set_viewport_size(TELEPHONE)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(A4)
    page.emulate_media(media="print")
    assert page.evaluate(OUTSIDE_PAPER) == []
    page.emulate_media(media="screen")
    page.set_viewport_size(LAPTOP)


def test_a_fold_opens_by_the_keyboard(opened: Opened):
    page = opened.open("full/01_monolithic.html")
    fold = page.locator("details.answer").first
    fold.locator("summary").first.press("Enter")
    assert fold.evaluate("e => e.open")


def test_a_link_of_the_index_leads_to_the_card_and_opens_its_fold(opened: Opened):
    page = opened.open("full/index.html")
    page.locator("#claims ~ div a").first.click()
    page.wait_for_url("**/01_monolithic.html#claim.*")
    page.wait_for_function("() => document.querySelector(':target').getClientRects().length > 0")


def test_printed_answers_are_open_and_code_of_figures_is_not_even_without_a_script(
    browser: Browser, folder: Path
):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((folder / "full" / "01_monolithic.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator("details.answer img").first.is_visible()
    assert page.locator("details.answer > p").first.is_visible()
    assert not page.locator("details.answer details.code pre").first.is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.emulate_media(media="screen")
    assert not page.locator("details.answer img").first.is_visible()
    context.close()


def test_keys_turn_the_slides_and_the_address_follows(shown: Page):
    shown.evaluate("() => show(0)")
    for key, number in [("ArrowRight", 2), ("PageDown", 3), ("ArrowLeft", 2), ("End", None), ("Home", 1)]:
        shown.keyboard.press(key)
        current = shown.locator("section.current")
        assert current.count() == 1
        assert current.is_visible()
        assert number is None or current.get_attribute("id") == f"slide-{number}"
        assert shown.url.endswith(f"#{current.get_attribute('id')}")
        assert current.evaluate("e => e === document.activeElement")


def test_links_and_buttons_turn_the_slides_too(shown: Page):
    shown.evaluate("() => show(0)")
    shown.locator("section.current a").nth(1).click()
    shown.locator("section.current h2", has_text="01 ").wait_for()
    shown.get_by_role("button", name="Next").click()
    assert "experiment 1" in shown.locator("section.current").inner_text()


def test_every_slide_fits_and_every_figure_is_large(shown: Page):
    assert shown.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)") >= 28
    assert shown.evaluate(TOO_LARGE) == []


def test_axe_finds_nothing_wrong_with_the_slides(opened: Opened, shown: Page):
    shown.evaluate("() => document.documentElement.classList.remove('turned')")
    assert opened.violations() == []
    shown.evaluate("() => document.documentElement.classList.add('turned')")


def test_without_a_script_all_slides_can_be_read_and_each_has_a_page_of_its_own(
    browser: Browser, folder: Path
):
    context = browser.new_context(java_script_enabled=False, viewport=PROJECTOR, offline=True)
    page = context.new_page()
    page.goto((folder / "slides" / "slides.html").as_uri())
    sections = page.locator("main > section")
    assert sections.nth(1).is_visible()
    assert sections.last.is_visible()
    sheets = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == sections.count()
    context.close()


def test_nothing_is_asked_of_another_machine_and_nothing_is_missing(opened: Opened, shown: Page):
    assert opened.outside == []
    assert opened.missing == []
