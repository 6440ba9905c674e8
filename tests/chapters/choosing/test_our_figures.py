"""Our figures, gathered for the comparison with the experts' stars."""

import pandas as pd
import pytest

from archlab.chapters.choosing import experts
from archlab.chapters.choosing.against_load import LOADS_PER_S, bought
from archlab.chapters.choosing.buying import cheapest
from archlab.chapters.choosing.forms import FORMS
from archlab.chapters.choosing.our_figures import AT_PER_S, COST_AT_PER_S, our_figures, rated

UNITS = pd.Series({name: 1.0 + place for place, name in enumerate(rated())})


def loaded(per_s=AT_PER_S):
    rows = [(name, per_s, 20.0 + place, 400.0 + place) for place, name in enumerate(rated())]
    return pd.DataFrame(rows, columns=["architecture", "per_s", "page_p99_ms", "order_p99_ms"])


def faults(orders_percent=50.0):
    rows = [
        (form.architecture, key, fault, True, 100.0, orders_percent)
        for key, form in FORMS.items()
        for fault in ("one machine dies", "payment provider is down")
    ]
    columns = ["architecture", "form", "fault", "applies", "pages_percent", "orders_percent"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def frame():
    return our_figures(bought(), loaded(), faults(), UNITS)


def value(frame, characteristic, architecture):
    rows = frame[(frame.characteristic == characteristic) & (frame.architecture == architecture)]
    return float(rows.value.iloc[0])


def test_every_characteristic_with_a_figure_of_ours_is_in_it_for_every_rated_style(frame):
    assert set(frame.characteristic) == set(experts.BESIDE)
    assert (frame.groupby("characteristic").architecture.nunique() == len(rated())).all()


def test_each_figure_is_that_of_its_experiment(frame):
    assert value(frame, "scalability", "monolithic") == bought()["monolithic"].serves_per_s
    assert value(frame, "performance", "layered") == 20.0
    assert value(frame, "responsiveness", "layered") == 400.0
    assert value(frame, "fault tolerance", "event-driven") == 50.0
    assert value(frame, "overall cost", "layered") == cheapest("layered", COST_AT_PER_S).usd_per_h
    assert value(frame, "modularity", "microservices") == UNITS["microservices"]


def test_more_is_better_for_what_is_served_and_kept_alone(frame):
    better_high = set(frame[frame.is_better_high].characteristic)
    assert better_high == {"scalability", "fault tolerance"}


def test_the_comparison_with_the_experts_takes_it(frame):
    assert len(experts.agreement(frame)) > 0


def test_the_load_it_asks_for_is_one_that_is_run():
    assert AT_PER_S in LOADS_PER_S


def test_a_load_that_was_not_run_is_named():
    with pytest.raises(ValueError, match=r"loaded has the loads \[50.0\]; it must have 700, too"):
        our_figures(bought(), loaded(50.0), faults(), UNITS)
