"""Reading source: which modules and classes there are, and by what name."""

import pytest

from archlab.shop.code.source import classes, docstrings, modules


def test_modules_have_their_full_dotted_name_even_when_asked_for_an_inner_package(tmp_path):
    inner = tmp_path / "shop" / "stock"
    inner.mkdir(parents=True)
    for file in (tmp_path / "shop" / "__init__.py", inner / "__init__.py", inner / "rows.py"):
        file.write_text("")
    assert [component.name for component in modules(inner)] == ["shop.stock", "shop.stock.rows"]


def test_a_file_with_several_classes_gives_a_component_for_each_one_named(tmp_path):
    file = tmp_path / "shop.py"
    file.write_text("class Orders: ...\nclass Stock: ...\nclass Rows: ...\n")
    assert [component.name for component in classes(file, ["Stock", "Orders"])] == ["Orders", "Stock"]
    with pytest.raises(ValueError, match=r"\['Payments'\].*'Orders', 'Rows', 'Stock'"):
        classes(file, ["Payments"])


def test_a_folder_without_python_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be a folder with Python files"):
        modules(tmp_path)


def test_texts_below_attributes_are_docstrings_as_well(tmp_path):
    file = tmp_path / "shop.py"
    file.write_text('class Orders:\n    """One."""\n    limit = "two"\n    """Three."""\n')
    assert [text.value for text in docstrings(classes(file)[0].node)] == ["One.", "Three."]
