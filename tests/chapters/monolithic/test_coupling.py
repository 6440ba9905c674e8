"""Ties between modules are counted fairly, and the verdicts come out the other way for code that is less tied."""

import math

import pytest

from archlab.chapters.monolithic import code, coupling
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.source import classes

NAMES = code.MODULE_NAMES


@pytest.fixture(scope="module")
def ties():
    return coupling.tied_pairs()


@pytest.fixture(scope="module")
def replaced():
    return coupling.replace_a_database()


def components(folder, source, name="shop"):
    """Parse a file that somebody else wrote."""
    file = folder / f"{name}.py"
    file.write_text(source)
    return classes(file)


def module_that_calls(name, others):
    """The source of a module that calls the others, or that calls nobody."""
    arguments = "".join(f", {other.lower()}: '{other}'" for other in others)
    calls = "; ".join(f"{other.lower()}.run()" for other in others) or "pass"
    return f"class {name}:\n    def run(self{arguments}):\n        {calls}\n"


def modules_calling(folder, calls):
    """Modules of which each calls those that `calls` names, and that share no transaction."""
    source = "".join(module_that_calls(name, calls.get(name, [])) for name in NAMES)
    return components(folder, source)


def tables_apart(folder):
    """Repositories that read their own tables alone."""
    source = "".join(
        f"class {owner}:\n    sql = 'SELECT * FROM {module.lower()}'\n"
        for owner, module in code.REPOSITORY_OF.items()
    )
    return components(folder, source, "store")


def coupling_verdict(modules=None, tables=None):
    together = coupling.tied_by_transaction(modules)
    return coupling.tight_coupling(
        pairs_tied_percent=coupling.tied_pairs(modules, tables).percent(),
        modules_in_transaction=len(together),
        modules_in_transaction_needed=coupling.modules_in_transaction_needed(modules, tables),
    )


def lock_in_verdict(modules=None, tables=None):
    changes = coupling.replace_a_database(modules, tables).modules_to_change
    shared = coupling.shared_by_data(modules, tables)
    return coupling.technology_lock_in(
        modules_that_cannot_change_alone=int((changes > 1).sum()),
        modules=len(changes),
        shared_tables_and_transactions=len(shared),
        shared_needed_for_lock_in=coupling.shared_needed_for_lock_in(shared),
    )


def test_ties_are_counted_by_calls_by_tables_and_by_the_transaction(ties):
    found = ties.frame().set_index("tied_by")
    assert len(ties.pairs) == 10
    assert found.pairs.tolist() == [4, 2, 6, 8]
    assert found.percent["any of these"] == pytest.approx(80)


def test_calls_without_a_circle_can_tie_every_pair(tmp_path):
    """In a measure of ordered pairs they could reach half of them at most."""
    downwards = {name: NAMES[place + 1 :] for place, name in enumerate(NAMES)}
    tied = coupling.tied_pairs(modules_calling(tmp_path, downwards), tables_apart(tmp_path))
    assert tied.percent() == tied.percent(tied.by_calls) == 100


def test_the_shop_is_tightly_coupled_by_its_data_and_not_by_its_calls(ties):
    assert ties.percent(ties.by_calls) < coupling.TIGHT_PERCENT < ties.percent()
    assert ties.percent(ties.by_calls | ties.by_tables) == coupling.TIGHT_PERCENT
    assert [word for word in ties.in_steps().split() if word.isdigit()] == ["40", "50", "80"]
    assert coupling_verdict().outcome is Outcome.HOLDS_WHEN


def test_coupling_is_loose_where_data_are_apart_and_one_module_calls_the_others(tmp_path):
    star = modules_calling(tmp_path, {"Orders": [name for name in NAMES if name != "Orders"]})
    assert coupling_verdict(star, tables_apart(tmp_path)).outcome is Outcome.DOES_NOT_HOLD


def test_the_number_of_modules_in_a_transaction_is_where_the_verdict_flips():
    limit = coupling.modules_in_transaction_needed()
    assert limit == 3
    assert coupling.tied_pairs(in_transaction=["Orders", "Payments"]).percent() == coupling.TIGHT_PERCENT
    three = coupling.tied_pairs(in_transaction=["Orders", "Payments", "Inventory"])
    assert three.percent() > coupling.TIGHT_PERCENT


def test_renaming_the_stock_column_touches_the_module_that_joins_it_as_well():
    assert coupling.column_change("on_hand")["modules"] == 2
    assert coupling.column_change("text")["modules"] == 1


def test_what_replacing_a_database_touches_is_joined_to_it_or_written_with_it(replaced):
    changes = replaced.set_index("module").changes
    assert changes["Catalogue"] == "Catalogue, Inventory"
    assert changes["Inventory"] == "Catalogue, Inventory, Notifications, Orders, Payments"


def test_no_module_can_change_its_database_alone_unless_it_shares_no_table_and_no_transaction(
    replaced, tmp_path
):
    assert (replaced.modules_to_change > 1).all()
    real = lock_in_verdict()
    assert real.outcome is Outcome.HOLDS_WHEN
    assert real.flips_at == 2
    apart = lock_in_verdict(modules_calling(tmp_path, {}), tables_apart(tmp_path))
    assert apart.outcome is Outcome.DOES_NOT_HOLD


def test_two_shared_things_of_three_lock_most_modules_in_whichever_they_are_and_one_may_not():
    shared = coupling.shared_by_data()
    assert len(shared) == 3
    assert coupling.shared_needed_for_lock_in(shared) == 2
    assert coupling.shared_needed_for_lock_in([]) == math.inf
