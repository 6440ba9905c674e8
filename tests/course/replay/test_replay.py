"""A replay shows what the samples say, for any topology, with and without a browser."""

import dataclasses
from io import BytesIO

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from archlab.course.figures.picture import Picture
from archlab.course.live import WIDGET_VIEW
from archlab.course.replay import Replay, replay
from archlab.course.replay.player import Player
from archlab.course.replay.recording import Recording, State
from archlab.course.replay.scene import Scene
from archlab.course.replay.strip import strip
from archlab.course.replay.traces import Traces
from archlab.course.style import LAB
from archlab.shop.day import run_shop
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim import Crash, Deterministic, Poisson, Result, Simulation, SlowDown, Station

TITLE = "While the database is down, nothing is answered"


def incident(seed: int = 1) -> Result:
    sim = Simulation(seed)
    web, database = Station(sim, "web", 4), Station(sim, "database", 2)

    def handle(request):
        with web.hold() as worker:
            yield worker
            yield database.serve(0.02)

    sim.open_load(Poisson(40), handle)
    sim.inject(SlowDown("web", at_s=5, for_s=1, factor=2), Crash("database", at_s=20, restart_after_s=10))
    sim.inject(SlowDown("database", at_s=32, for_s=8, factor=3))
    return sim.measure(duration_s=60)


def graph() -> nx.DiGraph:
    made = nx.DiGraph([("customers", "web"), ("web", "database")])
    made.add_node("customers", kind="client", part=None)
    made.add_node("web", kind="process", part="web")
    made.add_node("database", kind="database", part="database")
    return made


def axes() -> Axes:
    return Figure(figsize=(LAB.width_in, LAB.height_in)).subplots()


@pytest.fixture(scope="module")
def result() -> Result:
    return incident()


@pytest.fixture
def shown(result: Result) -> Replay:
    return replay(result, graph(), TITLE)


# The recording -------------------------------------------------------------------------------------------


def test_the_states_are_the_samples_at_that_time(result: Result):
    recording = Recording(result)
    for moment in (0, 37, 111, 199):
        rows = result.samples[result.samples["time_s"] == recording.times_s[moment]].set_index("part")
        for part, state in recording.states(moment).items():
            seen = (state.queue_length, state.busy, state.capacity, state.is_up)
            assert seen == tuple(rows.loc[part, ["queue_length", "busy", "capacity", "up"]])


def test_the_worst_moment_is_where_most_requests_wait_or_have_just_failed(result: Result):
    hurt = result.samples.groupby("time_s")["queue_length"].sum()
    for _, request in result.requests.iterrows():
        later = hurt.index[hurt.index >= request["arrived_s"]]
        if request["outcome"] not in ("ok", "unfinished") and len(later):
            hurt[later[0]] += 1
    recording = Recording(result)
    assert hurt[recording.times_s[recording.worst]] >= 0.9 * hurt.max()
    without_faults = dataclasses.replace(result, faults=result.faults.iloc[:0])
    assert Recording(without_faults).times_s[Recording(without_faults).worst] == hurt.idxmax()


def test_the_worst_moment_shows_its_cause_if_one_of_the_fault_is_nearly_as_bad(result: Result):
    recording = Recording(result)
    assert recording.states(recording.worst)["database"].faults == ("slow down",)
    ended_early = result.faults.assign(end_s=result.faults["start_s"] + 1)
    late = Recording(dataclasses.replace(result, faults=ended_early))
    assert late.states(late.worst)["database"].faults == ()


def test_a_queue_of_one_is_not_worse_than_an_outage():
    config = MonolithConfig(clones=3)
    fault = Crash("shop-2", at_s=4, restart_after_s=3)
    day = run_shop(lambda sim: Monolith(sim, config), Poisson(100), [fault], duration_s=10)
    shown = replay(day, Monolith(Simulation(seed=1), config).topology(), "A clone crashes")
    assert 4 <= shown.worst_s < 7


def test_without_any_queue_the_worst_moment_is_in_the_outage():
    sim = Simulation(seed=1)
    Station(sim, "web")
    sim.inject(Crash("web", at_s=20, restart_after_s=10))
    recording = Recording(sim.measure(duration_s=60))
    assert 20 <= recording.times_s[recording.worst] < 30


def test_a_fault_belongs_to_its_part_for_as_long_as_it_lasts(shown: Replay):
    def faults(time_s: float) -> dict[str, tuple[str, ...]]:
        return {part: state.faults for part, state in shown.go_to(time_s).states.items() if state.faults}

    assert faults(4) == {}
    assert faults(5.5) == {"web": ("slow down",)}
    assert faults(25) == {"database": ("crash",)}
    assert faults(50) == {}


def test_the_four_moments_are_in_order_and_hold_the_worst_and_the_end(result: Result):
    recording = Recording(result)
    four = recording.four
    assert four == sorted(set(four))
    assert len(four) == 4
    assert {recording.worst, len(recording) - 1} <= set(four)
    assert recording.times_s[four[0]] < 5 <= recording.times_s[four[1]] < 6


def test_there_are_four_moments_without_a_fault_too():
    sim = Simulation(seed=1)
    Station(sim, "web")
    assert len(Recording(sim.measure(duration_s=60)).four) == 4
    assert Recording(sim.measure(duration_s=1, sample_every_s=0.4)).four == [0, 1, 2]


# The picture ---------------------------------------------------------------------------------------------


def test_a_part_grows_with_its_queue_and_darkens_with_its_load():
    scene = Scene(axes(), graph(), letters_pt=9, largest_queue=100)
    calm, full = State(0, 1, 4, True), State(100, 4, 4, True)
    scene.show({"web": calm})
    size, colour = scene.sizes["web"], scene._nodes["web"][0].get_facecolor()
    scene.show({"web": full})
    assert scene.sizes["web"] > size
    assert sum(to_rgb(scene._nodes["web"][0].get_facecolor())) < sum(to_rgb(colour))


def test_what_is_down_is_told_by_words_hatch_and_dashes_and_not_by_colour_alone():
    scene = Scene(axes(), graph(), letters_pt=9, largest_queue=1)
    scene.show({"web": State(0, 0, 4, is_up=False), "database": State(0, 0, 2, True, ("slow down",))})
    (down, text), (slow, note) = scene._nodes["web"], scene._nodes["database"]
    assert (down.get_hatch(), down.get_linestyle()) == ("///", "--")
    assert "DOWN" in text.get_text()
    assert (slow.get_hatch(), slow.get_linestyle()) == (None, "--")
    assert "slow down" in note.get_text()
    scene.show({"web": State(0, 0, 4, True)})
    assert (down.get_hatch(), down.get_linestyle()) == (None, "-")
    assert "DOWN" not in text.get_text()


def test_the_cursor_stands_at_the_moment_in_all_three_panels(shown: Replay):
    shown.go_to(33)
    shown.picture()
    assert {cursor.get_xdata()[0] for cursor in shown._film.traces.cursors} == {33.0}


def test_errors_are_those_that_failed_at_the_time_they_came(shown: Replay, result: Result):
    errors = shown._film.traces.cursors[1].axes
    (stairs,) = [patch for patch in errors.patches if hasattr(patch, "get_data")]
    values, edges_s, _ = stairs.get_data()
    failed = result.requests[~result.requests["outcome"].isin(["ok", "unfinished"])]
    assert sum(values * (edges_s[1:] - edges_s[:-1])) == pytest.approx(len(failed))
    assert failed["arrived_s"].between(19, 30).all()


def test_a_frame_drawn_on_the_kept_image_equals_a_picture_drawn_anew(result: Result):
    used, fresh = replay(result, graph(), TITLE), replay(result, graph(), TITLE)._film
    for moment in (5, 150, 30):
        used._film.png(moment)
    used._repr_mimebundle_()
    assert used._film.png(77) == fresh.png(77)
    fresh.set(77)
    anew = np.asarray(Image.open(BytesIO(Picture(fresh.figure, TITLE).png)).convert("L"), dtype=int)
    quick = np.asarray(Image.open(BytesIO(fresh.png(77))).convert("L"), dtype=int)
    assert (abs(anew - quick) > 64).mean() < 0.001


def test_the_same_run_gives_the_same_output():
    first, second = (replay(incident(), graph(), TITLE) for _ in range(2))
    assert repr(first) == repr(second)
    assert first.go_to(25).picture().png == second.go_to(25).picture().png


def test_the_text_stays_inside_the_picture(shown: Replay):
    figure = shown.go_to(shown.worst_s).picture().figure
    figure.canvas.draw()
    width, height = figure.get_size_inches() * figure.dpi
    texts = [text for axes in figure.axes for text in axes.texts] + figure.texts
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    for artist in [*(text for text in texts if text.get_text()), *legends]:
        box = artist.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= width, artist
        assert 0 <= box.y0 < box.y1 <= height, artist


def test_the_strip_marks_the_worst_moment(result: Result):
    titles = [text.get_text() for text in strip(Recording(result), graph(), LAB).figure.texts]
    assert len(titles) == 4
    assert sum("worst" in title for title in titles) == 1


def slow_provider() -> tuple[Result, nx.DiGraph]:
    config = MonolithConfig(workers=4)
    fault = SlowDown("payment provider", at_s=3, for_s=5, factor=40)
    day = run_shop(lambda sim: Monolith(sim, config), Poisson(100), [fault], duration_s=10)
    return day.result, Monolith(Simulation(seed=1), config).topology()


def test_the_workers_pile_up_at_the_part_that_they_wait_for():
    result, graph = slow_provider()
    shown = replay(result, graph, "All workers wait for the provider")
    shown.go_to(shown.worst_s)
    assert 3 <= shown.worst_s < 8
    assert "Workers of shop-1: 4 wait at payment provider, 0 are free." in shown.picture().alt
    assert "⚠ slow down" in shown.picture().alt
    x, y = shown._film.scene._arrangement.places["payment provider"]
    discs = shown._film.scene._discs.artist.get_offsets()
    assert len(discs) == 4
    assert (abs(discs[:, 0] - x) < 0.4).all()
    assert (discs[:, 1] < y).all()
    assert "shop-1 cpu" not in shown.states


def test_a_process_in_a_frame_tells_its_state_in_its_strip_and_is_down_as_a_whole():
    graph = Monolith(Simulation(seed=1)).topology()
    scene = Scene(axes(), graph, letters_pt=9, largest_queue=100)
    scene.show({"shop-1": State(25, 16, 16, True)})
    strip_, text = scene._frames["shop-1"]
    assert text.get_text() == "shop-1, 16 of 16 busy, 25 waiting"
    scene.show({"shop-1": State(0, 0, 16, is_up=False)})
    assert (strip_.get_hatch(), strip_.get_linestyle()) == ("///", "--")
    assert text.get_text() == "shop-1, ✘ DOWN"
    assert len(scene._discs.artist.get_offsets()) == 0


def test_a_database_has_two_lines_in_its_cylinder_whatever_happens_to_it():
    scene = Scene(axes(), graph(), letters_pt=9, largest_queue=1)
    for state, line in (
        (State(0, 1, 2, True), "1 of 2 busy"),
        (State(1234, 2, 2, True), "1,234 waiting"),
        (State(5, 2, 2, True, ("slow down", "lossy")), "⚠ slow down"),
        (State(5, 2, 2, False, ("crash",)), "✘ DOWN"),
    ):
        scene.show({"database": state})
        assert scene._nodes["database"][1].get_text() == f"database\n{line}"


def test_queues_are_named_at_their_lines_and_not_in_a_legend(shown: Replay):
    figure = shown.picture().figure
    assert [panel for panel in figure.axes if panel.get_legend()] == []
    names = {text.get_text() for panel in figure.axes[:3] for text in panel.texts}
    assert {"p50", "p99", "web"} <= names


# Any architecture ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("clones", [1, 3])
def test_it_works_from_a_shops_topology_and_samples_alone(clones: int):
    config = MonolithConfig(clones=clones)
    fault = Crash("shop-1", at_s=4, restart_after_s=3)
    day = run_shop(lambda sim: Monolith(sim, config), Deterministic(20), [fault], duration_s=10)
    shown = replay(day, Monolith(Simulation(seed=1), config).topology(), "A crash")
    assert not shown.go_to(5).states["shop-1"].is_up
    assert shown.go_to(9).states["shop-1"].is_up
    assert "shop-1: ✘ DOWN" in shown.go_to(5).picture().alt


def test_what_cannot_be_shown_is_refused(result: Result):
    with pytest.raises(ValueError, match="title is ' '"):
        replay(result, graph(), " ")
    with pytest.raises(ValueError, match="style is 'poster'"):
        replay(result, graph(), TITLE, style="poster")  # type: ignore[arg-type]
    stranger = nx.DiGraph()
    stranger.add_node("a", part="elsewhere")
    with pytest.raises(ValueError, match=r"topology has the parts \['elsewhere'\]"):
        replay(result, stranger, TITLE)
    with pytest.raises(ValueError, match="samples has 0 rows"):
        replay(Simulation(seed=1).measure(duration_s=1), graph(), TITLE)


def test_a_run_without_requests_can_be_replayed():
    sim = Simulation(seed=1)
    Station(sim, "web")
    assert replay(sim.measure(duration_s=10), graph(), "Nobody came").picture().png


# In a notebook -------------------------------------------------------------------------------------------


def test_without_a_browser_the_output_is_the_worst_moment_and_a_strip_of_four(shown: Replay):
    shown.go_to(3)
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {WIDGET_VIEW, "text/html", "text/plain"}
    assert bundle["text/html"].count("<img alt=") == 2
    assert "Run this cell to play the incident" in bundle["text/html"]
    assert bundle["text/plain"].startswith(
        f"{TITLE}. Faults: web: slow down from 5 s to 6 s; database: crash from 20"
    )
    assert f"At {shown.worst_s:g} s: " in bundle["text/plain"]
    assert shown.time_s == 3


def test_moving_the_slider_shows_that_moment(shown: Replay):
    deck = shown.deck
    before = deck._picture.value
    deck._slider.value = 25.2
    assert shown.wait()
    assert (shown.time_s, shown.states["database"].is_up) == (25.2, False)
    assert deck._picture.value != before
    assert "At 25.2 s" in deck._picture.value


def test_going_to_a_moment_in_code_moves_the_slider(shown: Replay):
    deck = shown.deck
    shown.go_to(shown.worst_s)
    assert deck.time_s == shown.worst_s


def test_it_plays_to_the_end_and_offers_to_play_again(shown: Replay):
    deck = shown.go_to(59).deck
    deck.on_play()
    assert shown._player.wait(timeout_s=60)
    assert shown.time_s == shown._recording.times_s[-1] == deck.time_s
    assert deck._play.description == "Play"


def test_a_paused_player_shows_nothing_more():
    seen: list[int] = []
    player = Player(lambda: len(seen), seen.append, last=1000, every_s=0.001)
    player.play()
    while len(seen) < 3:
        pass
    player.pause()
    count = len(seen)
    assert not player.is_playing
    player.play()
    while len(seen) == count:
        pass
    player.pause()
    assert seen == list(range(1, len(seen) + 1))


def test_the_frame_tells_the_state_of_each_part(shown: Replay):
    frame = shown.go_to(25).frame()
    assert isinstance(frame, pd.DataFrame)
    assert not frame.loc["database", "up"]
    assert frame.loc["web", "capacity"] == 4


def test_a_fault_that_never_ends_is_shaded_to_the_end_and_said_so():
    sim = Simulation(seed=1)
    Station(sim, "web")
    sim.inject(Crash("web", at_s=20, restart_after_s=None))
    result = sim.measure(duration_s=60)
    panels = Figure().subplots(3, 1)
    assert Traces(panels, result, "#0072B2").fault_words == "web: crash from 20 s on"
    for panel in panels:
        (window,) = panel.patches
        assert (window.get_x(), window.get_x() + window.get_width()) == (20, 60)
    recording = Recording(result)
    assert recording.states(len(recording) - 1)["web"].faults == ("crash",)
