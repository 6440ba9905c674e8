"""The course on paper and on the wall: a handout that opens without a network, and slides, made from the notebooks."""

from archlab.course.handout.chapter import Chapter, Piece, chapter_of, read_chapters
from archlab.course.handout.folder import write_folder
from archlab.course.handout.site import handout
from archlab.course.handout.slides import slides

__all__ = ["Chapter", "Piece", "chapter_of", "handout", "read_chapters", "slides", "write_folder"]
