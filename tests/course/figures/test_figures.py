"""Every figure shows what the frame says, in words too, with nothing cut off and no text on another."""

import re
from base64 import b64decode
from html import unescape
from io import BytesIO
from itertools import combinations

import matplotlib as mpl
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from PIL import Image

from archlab.course.figures import (
    Picture,
    comparison,
    incident,
    label_numbers,
    latency_against_load,
    outcomes,
    scaling,
    show,
    survival,
    topology,
)
from archlab.course.figures.outcome import KNOWN, look_of_outcome, shares
from archlab.course.figures.timeline import in_bins
from archlab.course.style import ARCHITECTURES, LAB, SLIDES, Size, variants
from archlab.sim import Crash, Exponential, Mix, Poisson, Result, Simulation, SlowDown, Station

TITLE = "A slow payment provider takes browsing down with it, because the shared pool of workers runs dry"


def shop_with_faults() -> Result:
    sim = Simulation(seed=3)
    pool = Station(sim, "worker pool", capacity=10, queue_limit=50)
    payments = Station(sim, "payments", capacity=4)
    service_s = sim.draws("service", Exponential(0.02))

    def serve(request):
        with pool.hold() as worker:
            yield worker
            if request.kind == "place_order":
                yield payments.serve(service_s())

    sim.open_load(Poisson(rate_per_s=60), serve, mix=Mix(browse=0.6, place_order=0.4), timeout_s=1.0)
    sim.inject(
        SlowDown("payments", at_s=10, for_s=8, factor=20), Crash("payments", at_s=24, restart_after_s=2)
    )
    return sim.measure(duration_s=30, warmup_s=2)


@pytest.fixture(scope="module")
def bad() -> Result:
    return shop_with_faults()


def load_sweep() -> pd.DataFrame:
    rate = np.array([20.0, 60, 100, 150, 180, 190])
    rows = {"rate_per_s": rate}
    for name, factor in (("p50_ms", 1), ("p95_ms", 2), ("p99_ms", 2.2)):
        value = factor * 20 / (1 - rate / 200)
        rows |= {name: value, f"{name}_low": 0.9 * value, f"{name}_high": 1.1 * value}
    return pd.DataFrame(rows)


def scale_sweep() -> pd.DataFrame:
    clones = np.array([1, 2, 4, 8, 16])
    frames = []
    for k, name in enumerate(ARCHITECTURES):
        value = 90 * clones / (1 + 0.01 * k * (clones - 1))
        frames.append(pd.DataFrame({"design": name, "clones": clones, "throughput_per_s": value}))
    return pd.concat(frames, ignore_index=True)


def shop_graph() -> nx.DiGraph:
    graph = nx.DiGraph()
    kinds = {"customers": "client", "balancer": "balancer", "shop 1": "process", "shop 2": "process"}
    for name, kind in (kinds | {"database": "database", "payment provider": "external"}).items():
        graph.add_node(name, kind=kind, part=None if kind == "client" else name)
    graph.add_edge("customers", "balancer", protocol="HTTPS")
    for clone in ("shop 1", "shop 2"):
        graph.add_edge("balancer", clone, protocol="HTTP")
        graph.add_edge(clone, "database", protocol="SQL")
        graph.add_edge(clone, "payment provider", protocol="HTTPS")
    return graph


def every_picture(bad: Result, size: Size) -> dict[str, Picture]:
    runs = {"with the fault": bad.requests, "browse alone": bad.requests[bad.requests["kind"] == "browse"]}
    sweep, scales = load_sweep(), scale_sweep()
    busy = pd.DataFrame({"utilisation": [0.031, 0.874, 0.99]}, index=["balancer", "shop 1", "database"])
    p99 = pd.DataFrame({"design": list(ARCHITECTURES), "p99_ms": [180.0, 310, 95, 205, 1240, 88]})
    p99 = p99.assign(p99_ms_low=0.9 * p99["p99_ms"], p99_ms_high=1.1 * p99["p99_ms"])
    return {
        "latency": latency_against_load(
            sweep, TITLE, theory=sweep, theory_name="Erlang C", capacity=200, size=size
        ),
        "latency, log": latency_against_load(sweep, TITLE, log=True, size=size),
        "scaling": scaling(scales, TITLE, x="clones", fit=scales, fit_name="fitted law", size=size),
        "scaling, bunched": scaling(scales[scales["clones"] < 9], TITLE, x="clones", size=size),
        "incident": incident(bad.requests, bad.samples, bad.faults, TITLE, size=size),
        "survival": survival(runs, TITLE, line_looks=variants("monolithic", runs), size=size),
        "comparison": comparison(p99, TITLE, value="p99_ms", size=size),
        "outcomes": outcomes(runs, TITLE, size=size),
        "topology": topology(shop_graph(), TITLE, parts=busy, down=["shop 2"], size=size),
    }


@pytest.fixture(scope="module")
def pictures(bad) -> dict[str, Picture]:
    return every_picture(bad, LAB)


def texts(figure: Figure) -> list[Text]:
    """The texts that are drawn: not empty, visible, and for ticks within the axis."""
    figure.draw_without_rendering()
    hidden = {
        label
        for panel in figure.axes
        for axis, limits in ((panel.xaxis, panel.get_xlim()), (panel.yaxis, panel.get_ylim()))
        for ticks, places in (
            (axis.get_ticklabels(), axis.get_ticklocs()),
            (axis.get_ticklabels(minor=True), axis.get_ticklocs(minor=True)),
        )
        for label, place in zip(ticks, places, strict=False)
        if not min(limits) <= place <= max(limits) or not panel.axison
    }
    hidden |= {text for legend in figure.findobj(Legend) for text in [legend.get_title()]}
    return [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible() and t not in hidden]


def test_a_title_can_write_the_numbers_of_the_labels_below_it():
    frame = pd.DataFrame({"design": ["queue", "stream"], "calls": [742.3, 45.2]})
    frame["calls_low"], frame["calls_high"] = [553.0, np.nan], [931.0, np.nan]
    numbers = label_numbers(frame, "calls")
    assert numbers == {"queue": "740", "stream": "45.2"}
    picture = comparison(frame, TITLE, value="calls", bar_looks=variants("monolithic", frame.design))
    assert f"queue {numbers['queue']} (550 to 930), stream {numbers['stream']}." in picture.alt


@pytest.mark.parametrize("size", [LAB, SLIDES], ids=["lab", "slides"])
def test_no_text_is_cut_off_or_lies_on_another(bad, size):
    for name, picture in every_picture(bad, size).items():
        page = picture.figure.bbox
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts(picture.figure)]
        assert len(boxes) > 5, name
        for words, box in boxes:
            assert box.x0 >= -1, (name, words)
            assert box.y0 >= -1, (name, words)
            assert box.x1 <= page.x1 + 1, (name, words)
            assert box.y1 <= page.y1 + 1, (name, words)
        for (one, a), (other, b) in combinations(boxes, 2):
            wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            assert wide <= 2 or high <= 0.25 * min(a.height, b.height), (name, one, other)


def test_every_picture_is_an_image_with_words_on_opaque_white(pictures):
    for name, picture in pictures.items():
        html = picture._repr_mimebundle_()["text/html"]
        alt = re.search(r'alt="([^"]*)"', html)
        data = re.search(r'src="data:image/png;base64,([^"]*)"', html)
        assert alt is not None, name
        assert data is not None, name
        assert unescape(alt[1]) == picture.alt == picture._repr_mimebundle_()["text/plain"]
        assert picture.alt.startswith(TITLE)
        image = Image.open(BytesIO(b64decode(data[1])))
        assert "Software" not in image.info
        assert image.convert("RGBA").getpixel((2, image.height - 2)) == (255, 255, 255, 255)


def test_the_same_frames_give_the_same_bytes(bad, pictures):
    for name, again in every_picture(bad, LAB).items():
        assert again.png == pictures[name].png, name


def test_the_palette_of_a_picture_changes_little_of_what_was_drawn(pictures):
    for name, picture in pictures.items():
        canvas = FigureCanvasAgg(picture.figure)
        canvas.draw()
        drawn = np.asarray(canvas.buffer_rgba(), dtype=int)[..., :3]
        image = Image.open(BytesIO(picture.png))
        assert (image.mode, len(image.getcolors())) <= ("P", 256), name
        off = abs(np.asarray(image.convert("RGB"), dtype=int) - drawn).max(axis=2)
        assert off[(drawn == 255).all(axis=2)].max() <= 1, name
        assert (off > 24).mean() < 0.003, name


def test_figures_leave_no_global_state(bad):
    before = dict(mpl.rcParams)
    every_picture(bad, SLIDES)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_a_picture_without_words_is_refused():
    with pytest.raises(ValueError, match="alt is ' '"):
        show(Figure(), " ")
    with pytest.raises(ValueError, match="title is ''"):
        scaling(scale_sweep(), "", x="clones")


def test_the_words_tell_the_ends_and_the_top_of_a_line():
    sweep = pd.DataFrame({"rate_per_s": [10, 20, 30, 40], "p99_ms": [5.0, 9, 7, np.nan]})
    assert latency_against_load(sweep, "T").alt == (
        "T. Latency [ms] against Rate [requests/s]: p99 from 5 at 10 to 7 at 30, highest 9 at 20."
    )


def test_a_band_is_drawn_where_an_interval_is_known():
    with_band, without = load_sweep(), load_sweep()[["rate_per_s", "p50_ms", "p95_ms", "p99_ms"]]
    assert len(latency_against_load(with_band, TITLE).figure.axes[0].collections) == 6
    assert len(latency_against_load(without, TITLE).figure.axes[0].collections) == 0


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: latency_against_load(pd.DataFrame({"rate_per_s": [1]}), TITLE), "sweep has 1 rows"),
        (lambda: latency_against_load(load_sweep().iloc[:0], TITLE), "sweep has 0 rows"),
        (lambda: scaling(scale_sweep(), TITLE, x="servers"), "sweep has 30 rows .* 'servers'"),
        (lambda: survival({}, TITLE), "runs is empty"),
        (lambda: outcomes({}, TITLE), "runs is empty"),
        (lambda: topology(nx.DiGraph(), TITLE), "a graph that is not empty"),
        (lambda: topology(shop_graph(), TITLE, down=["shop 3"]), "down is"),
        (
            lambda: comparison(pd.DataFrame({"design": ["a"], "x_ms": [np.nan]}), TITLE, "x_ms"),
            "x_ms has values",
        ),
    ],
)
def test_a_frame_that_cannot_be_drawn_is_refused_in_words(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_the_survival_line_is_the_share_of_slower_requests(bad):
    ok_ms = 1000 * bad.requests.loc[bad.requests["outcome"] == "ok", "latency_s"].to_numpy()
    line = survival({"run": bad.requests}, TITLE).figure.axes[0].lines[0]
    x, share = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    for k in (0, len(x) // 2, -1):
        assert share[k] == pytest.approx((ok_ms > x[k]).mean())


def test_a_run_in_which_nothing_completed_has_no_latency_to_show():
    with pytest.raises(ValueError, match="run 'dead' has no completed request"):
        survival({"dead": pd.DataFrame({"latency_s": [np.nan], "outcome": ["crashed"]})}, TITLE)


def test_bins_count_every_request_once_where_it_arrived(bad):
    binned = in_bins(bad.requests, start_s=2.0, bin_s=0.5)
    assert binned.counts.to_numpy().sum() == bad.arrived
    third = bad.requests[bad.requests["arrived_s"].between(3.0, 3.5, inclusive="left")]
    assert binned.counts.loc[2].sum() == len(third)
    ok_ms = 1000 * third.loc[third["outcome"] == "ok", "latency_s"]
    assert binned.percentiles_ms.loc[2, "p99"] == pytest.approx(np.percentile(ok_ms, 99))


def test_an_empty_bin_keeps_its_place():
    requests = pd.DataFrame({"arrived_s": [0.1, 3.2], "latency_s": [0.1, 0.2], "outcome": ["ok", "crashed"]})
    binned = in_bins(requests, start_s=0.0, bin_s=1.0)
    assert binned.counts.sum(axis=1).tolist() == [1, 0, 0, 1]
    assert binned.percentiles_ms["p50"].isna().tolist() == [False, True, True, True]
    assert binned.edges_s.tolist() == [0, 1, 2, 3, 4]


def test_the_incident_says_when_it_was_worst_and_what_failed(bad):
    alt = incident(bad.requests, bad.samples, bad.faults, TITLE).alt
    assert "payments: slow down from 10 to 18 s; payments: crash from 24 to 26 s" in alt
    worst_s = float(re.search(r"p99 highest at ([\d.]+) s", alt)[1])
    assert 10 <= worst_s <= 20
    failed = 100 * (bad.requests["outcome"] != "ok").mean()
    assert float(re.search(r"Not completed: ([\d.]+) %", alt)[1]) == pytest.approx(failed, rel=0.01)


def test_the_fault_is_shaded_in_every_panel_and_ends_with_the_measurement(bad):
    endless = bad.faults.iloc[:1].assign(end_s=np.inf)
    picture = incident(bad.requests, bad.samples, endless, TITLE)
    for panel in picture.figure.axes:
        (window,) = panel.patches
        assert (window.get_x(), window.get_x() + window.get_width()) == (10, panel.get_xlim()[1])
    assert "slow down from 10 s on" in picture.alt


def test_a_fault_outside_the_measured_time_is_not_shaded(bad):
    early = bad.faults.iloc[:1].assign(start_s=0.0, end_s=1.0)
    picture = incident(bad.requests, bad.samples, early, TITLE)
    assert all(len(panel.patches) == 0 for panel in picture.figure.axes)


def test_an_incident_in_which_nothing_completed_can_be_drawn(bad):
    dead = bad.requests.assign(outcome="crashed", latency_s=np.nan)
    assert (
        "Latency: none completed. Not completed: 100 %" in incident(dead, bad.samples, bad.faults, TITLE).alt
    )


def test_a_bin_of_no_width_is_refused(bad):
    with pytest.raises(ValueError, match="bin_s is 0"):
        incident(bad.requests, bad.samples, bad.faults, TITLE, bin_s=0)


def test_shares_add_up_to_100_per_cent_in_the_fixed_order(bad):
    table = shares({"one": bad.requests, "two": pd.DataFrame({"outcome": ["sold_out", "ok"]})})
    assert table.sum(axis=1).tolist() == pytest.approx([100, 100])
    own = [name for name in table.columns if name not in KNOWN]
    assert [*table.columns] == [*(name for name in KNOWN if name in table.columns), *own]
    assert table.loc["two", ["ok", "sold_out"]].tolist() == [50, 50]


def test_every_failure_of_the_kit_has_a_hatch_of_its_own():
    hatches = [look_of_outcome(name).hatch for name in KNOWN]
    assert len(set(hatches)) == len(KNOWN)
    assert look_of_outcome("sold_out") == look_of_outcome("sold_out")


def test_a_part_that_is_down_says_so_and_is_hatched_and_dashed():
    picture = topology(shop_graph(), TITLE, down=["shop 2"])
    hatched = [patch for patch in picture.figure.axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 1
    assert hatched[0].get_linestyle() in ("--", "dashed")
    assert "shop 2 (process, down) calls database" in picture.alt
    assert any("DOWN" in text.get_text() for text in picture.figure.axes[0].texts)


def test_the_utilisation_is_written_in_the_part():
    busy = pd.DataFrame({"utilisation": [0.874]}, index=["shop 1"])
    picture = topology(shop_graph(), TITLE, parts=busy)
    assert "shop 1\n87 %" in [text.get_text() for text in picture.figure.axes[0].texts]
    assert "shop 1 (process, 87 % busy)" in picture.alt


def test_values_to_compare_with_are_lines_through_the_panel_and_told_in_words():
    marked = scaling(scale_sweep(), TITLE, x="clones", across={"wanted": 300.0}, upright={"budget": 4.0})
    panel = marked.figure.axes[0]
    dotted = panel.lines[-2:]
    assert [list(dotted[0].get_ydata()), list(dotted[1].get_xdata())] == [[300, 300], [4, 4]]
    assert {"wanted", "budget"} <= {text.get_text() for text in panel.texts}
    assert marked.alt.endswith("wanted: 300. budget: 4.")


def test_a_survival_line_of_a_long_run_is_thinned_by_less_than_can_be_seen():
    latency_s = np.random.default_rng(1).exponential(0.02, 50_000)
    requests = pd.DataFrame({"latency_s": latency_s, "outcome": "ok"})
    line = survival({"run": requests}, TITLE).figure.axes[0].lines[0]
    x, share = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    values_ms = np.sort(1000 * latency_s)[:-1]  # after the last one the share is 0
    exact = 1 - np.arange(1, 50_000) / 50_000
    drawn = share[np.searchsorted(x, values_ms, side="right") - 1]
    assert len(x) < 5_000
    assert np.abs(np.log10(drawn / exact)).max() <= 1 / 1000
    assert (x[-1], share[-1]) == pytest.approx((values_ms[-1], 1 / 50_000))
