"""The queue over time shows how many were inside at each moment, in words too, with nothing cut off."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from archlab.course.figures.queue_over_time import inside_over_time, queue_over_time
from archlab.course.style import LAB, SLIDES
from archlab.sim import Exponential, Poisson, Simulation, Station

TITLE = "A busy server is hardly ever empty, and a server that is busy for half of the time is not always"


def run(rate_per_s):
    sim = Simulation(seed=1)
    server, other = Station(sim, "server"), Station(sim, "other")
    service_s = sim.draws("service time", Exponential(0.01))

    def handle(request):
        yield server.serve(service_s())
        yield other.serve(0.001)

    sim.open_load(Poisson(rate_per_s), handle)
    return sim.measure(duration_s=3, sample_every_s=0.01)


@pytest.fixture(scope="module")
def runs():
    return {f"{rate} % busy": run(rate).samples for rate in (50, 80, 95)}


def test_the_count_is_who_waits_and_who_is_served_at_that_part(runs):
    samples = runs["80 % busy"]
    rows = samples[samples["part"] == "server"]
    count = inside_over_time("run", samples, "server")
    assert count.tolist() == (rows["queue_length"] + rows["busy"]).tolist()
    assert count.index.tolist() == rows["time_s"].tolist()


def test_the_average_of_fine_samples_is_what_the_requests_say():
    result = run(80)
    servers = sum(inside_over_time("run", result.samples, part).mean() for part in ("server", "other"))
    assert servers == pytest.approx(result.in_system(), rel=0.02)


def test_each_run_is_a_line_of_steps_in_a_panel_of_its_own(runs):
    picture = queue_over_time(runs, TITLE, "server")
    assert len(picture.figure.axes) == 3
    for panel, (name, samples) in zip(picture.figure.axes, runs.items(), strict=True):
        (line,) = panel.lines
        assert line.get_drawstyle() == "steps-post"
        assert np.asarray(line.get_ydata()).tolist() == inside_over_time(name, samples, "server").tolist()
        assert panel.get_title(loc="left") == name


def test_the_words_tell_the_average_and_the_worst():
    samples = pd.DataFrame(
        {"time_s": [0, 1, 2], "part": "till", "queue_length": [0, 1, 3], "busy": [0, 1, 1]}
    )
    assert queue_over_time({"a": samples, "b": samples.iloc[:2]}, "T.", "till").alt == (
        "T. Inside till, from 0 to 2 s: a on average 2, at most 4; b on average 1, at most 2."
    )


@pytest.mark.parametrize("size", [LAB, SLIDES], ids=["lab", "slides"])
@pytest.mark.parametrize("panels", [1, 3])
def test_no_text_is_cut_off_or_lies_on_another(runs, size, panels):
    figure = queue_over_time(dict(list(runs.items())[:panels]), TITLE, "server", size=size).figure
    figure.draw_without_rendering()
    shown = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    ticks = {label for panel in figure.axes for label in (*panel.get_xticklabels(), *panel.get_yticklabels())}
    boxes = [(t.get_text(), t.get_window_extent()) for t in shown if t not in ticks]
    assert len(boxes) >= 2 + 2 * panels
    for words, box in boxes:
        assert -1 <= box.x0 < box.x1 <= figure.bbox.x1 + 1, words
        assert -1 <= box.y0 < box.y1 <= figure.bbox.y1 + 1, words
    assert not [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.overlaps(other)]


def test_the_same_samples_give_the_same_bytes(runs):
    one, two = (queue_over_time(runs, TITLE, "server") for _ in range(2))
    assert one.png == two.png


@pytest.mark.parametrize(
    ("names", "part", "message"),
    [
        ([], "server", "runs has 0 runs; it must have 1 to 4"),
        (["a", "b", "c", "d", "e"], "server", "runs has 5 runs"),
        (["a"], "database", "run 'a', samples of 'database', has 0 rows"),
    ],
)
def test_runs_that_cannot_be_drawn_are_refused_in_words(runs, names, part, message):
    samples = runs["50 % busy"]
    with pytest.raises(ValueError, match=message):
        queue_over_time(dict.fromkeys(names, samples), TITLE, part)
