"""The parts that the handout is made of: headings, texts, fields, links, the folder it is written to."""

from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook, new_output

from archlab.course.handout.chapter import chapter_of
from archlab.course.handout.folder import LIST, write_folder
from archlab.course.handout.headings import Headings
from archlab.course.handout.links import dead_links
from archlab.course.handout.outputs import Field, card_of, claim_of, field_of, output_html
from archlab.course.handout.systems import named_systems
from archlab.course.handout.terms import terms_of
from archlab.course.handout.text import first_sentence, text_parts
from archlab.course.notebooks import ROOT


def test_a_text_is_cut_around_its_folds():
    folds = (
        "<details><summary>A</summary>\n\n- x\n\n</details>",
        "<details open><summary><b>B</b></summary>y</details>",
    )
    text = f"One.\n\n{folds[0]}\n\nTwo.\n\n{folds[1]}"
    assert [(part.summary, part.html.strip()) for part in text_parts(text)] == [
        ("", "<p>One.</p>"),
        ("A", "<ul>\n<li>x</li>\n</ul>"),
        ("", "<p>Two.</p>"),
        ("B", "<p>y</p>"),
    ]


def test_headings_of_the_same_words_get_addresses_of_their_own_and_levels_follow():
    headings = Headings()
    list(headings.split("<h1>A</h1><h1>B &amp; C</h1><h4>B &amp; C</h4>"))
    assert [(one.anchor, one.level) for one in headings.sections] == [("A", 1), ("B-&-C", 2), ("B-&-C-2", 3)]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("Half. It is so.", "Half."),
        ("At 0.25 ms, e.g. here, it is. So", "At 0.25 ms, e.g. here, it is."),
        ("Nobody", "Nobody"),
        ('Why? "Because."', "Why?"),
    ],
)
def test_the_first_sentence_ends_where_another_begins(words: str, first: str):
    assert first_sentence(words) == first


def asked(words: str, example: str) -> Field | None:
    return field_of(
        new_output("display_data", {"text/plain": f'{words}\nTo answer: guess("a.b").value = {example}'})
    )


@pytest.mark.parametrize(
    ("words", "example", "field"),
    [
        ("How many?", "3", Field("How many?")),
        ("How many [of ten]? [requests/s]", "3", Field("How many [of ten]?", "requests/s")),
        ("Who? [a / b and c]", '"a"', Field("Who?", choices=("a", "b and c"))),
    ],
)
def test_a_field_is_read_back_with_its_unit_or_its_choices(words: str, example: str, field: Field):
    assert asked(words, example) == field


def test_an_ordinary_output_is_no_field_and_no_card():
    output = new_output("stream", text="To answer: nothing")
    assert field_of(output) is None
    assert card_of(output) is None


def test_a_card_of_words_that_two_patterns_share_belongs_to_its_chapters_pattern():
    card = ("pros", "Scalability")
    assert (
        claim_of(("characteristics", "Fault isolation"), []).id
        == "microservices.characteristics.fault-isolation"
    )
    assert claim_of(("pros", "No server management"), ["serverless"]).pattern == "serverless"
    assert claim_of(card, ["microservices"]).id == "microservices.pros.scalability"
    assert claim_of(("pros", "No such thing"), []) is None


def test_a_plain_picture_is_shown_with_its_words():
    html = output_html(new_output("display_data", {"image/png": "AA\nAA", "text/plain": 'a "b"'}))
    assert html == '<img alt="a &quot;b&quot;" src="data:image/png;base64,AAAA">'


def test_dead_links_missing_pictures_and_double_addresses_are_named():
    page = b'<p id="a"><p id="a"><a href="b.html#c">x</a><img src="d.png"><a href="https://example.org">y</a>'
    assert dead_links({"a.html": page, "b.html": b""}) == [
        "a.html: twice: a",
        "a.html: b.html#c",
        "a.html: d.png",
    ]


def test_a_systems_name_is_found_as_a_word_of_its_own():
    systems = {system.name: system for system in named_systems()}
    assert systems["REST"].is_named_in("By REST, ...")
    assert not systems["REST"].is_named_in("the rest RESTS")
    assert systems["message queue"].is_named_in("Message queues wait.")
    assert systems["AWS Kinesis"].is_named_in("Kinesis keeps a day.")


def test_every_named_system_has_a_claim_of_its_own():
    claims = [claim for system in named_systems() for claim in system.claims]
    assert all(system.claims for system in named_systems())
    assert len(claims) == len(set(claims))
    assert len(named_systems()) == 13


FILES = {"index.html": b"1", "figures/a.png": b"2"}


def test_files_are_written_into_a_new_folder_and_a_second_run_replaces_them(tmp_path: Path):
    write_folder(tmp_path / "new" / "folder", FILES)
    write_folder(tmp_path / "new" / "folder", {"index.html": b"3"})
    written = sorted(path.name for path in (tmp_path / "new" / "folder").rglob("*") if path.is_file())
    assert written == [LIST, "index.html"]
    assert (tmp_path / "new" / "folder" / "index.html").read_bytes() == b"3"


def test_what_somebody_else_put_beside_the_files_stays(tmp_path: Path):
    write_folder(tmp_path, FILES)
    (tmp_path / "notes.txt").write_text("mine")
    write_folder(tmp_path, FILES)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_list_that_names_files_elsewhere_deletes_none_of_them(tmp_path: Path):
    (tmp_path / "mine").write_text("mine")
    write_folder(tmp_path / "out", FILES)
    (tmp_path / "out" / LIST).write_text("../mine\nindex.html\n")
    write_folder(tmp_path / "out", FILES)
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(ValueError, match="holds other files; it must be new, empty, or written by this"):
        write_folder(tmp_path, FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(ValueError, match="a file; it must be a folder"):
        write_folder(tmp_path / "a", FILES)


@pytest.mark.parametrize("inside", ["notebooks/out", "archlab/course/out", "handout/deep"])
def test_no_folder_inside_the_courses_folders_is_written_to(inside: str):
    with pytest.raises(ValueError, match="inside the course's folders"):
        write_folder(ROOT / inside, FILES)
    assert not (ROOT / inside).exists()


@pytest.mark.parametrize("taken", [".", "notebooks", ".."])
def test_the_courses_own_folders_hold_other_files(taken: str):
    with pytest.raises(ValueError, match="holds other files"):
        write_folder(ROOT / taken, FILES)


@pytest.mark.parametrize(("chapter", "term"), [("00_start_here", "open load"), ("04_layered", "open layer")])
def test_a_word_of_two_meanings_is_the_chapters_own_term(chapter: str, term: str):
    assert terms_of(chapter)["open"] == term


def test_a_cell_keeps_the_address_that_jupyterlab_gives_it_also_where_it_begins_with_an_answer():
    source = "<details><summary>What you saw</summary>x</details>\n\n### Next\n\nWords."
    cells = [new_markdown_cell("# 09 Sums", id="sums"), new_markdown_cell(source, id="next")]
    pieces = chapter_of("09_sums", new_notebook(cells=cells)).pieces
    (addressed,) = [piece for piece in pieces if 'id="cell-id=next"' in piece.html]
    assert not addressed.answer
    assert addressed.section is not None
    assert addressed.section.title == "Next"
