"""The map over points of its own: cursor, zoom, lasso, box, mouse, and what it does with none, one or very many points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from tests.tui.dialogs_support import HOSTILE, wait_for
from tests.tui.plots.test_plane import odd
from workbench.tui.theme import DARK, LIGHT
from workbench.tui.widgets.map_inks import HUE_STYLES, STYLES
from workbench.tui.widgets.qdc_map import Lassoed, PointNamed, PointPicked, QdcMap

NARROW, WIDE = (80, 24), (160, 45)
KEYS = {
    "left,h": "left",
    "right,l": "right",
    "up,k": "up",
    "down,j": "down",
    "shift+left": "far_left",
    "shift+right": "far_right",
    "shift+up": "far_up",
    "shift+down": "far_down",
    "plus": "zoom_in",
    "minus": "zoom_out",
    "0": "whole",
    "v": "lasso",
    "b": "box",
    "enter": "pick",
    "escape": "cancel",
    "t": "letters",
}
NAMES = [("seed", "hue 1"), ("rephrase", "accept"), ("answer", "reject")]


class MapApp(App[None]):
    """One map with keys of its own; keeps what it hears."""

    CSS = "QdcMap { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, f"ask('map.{name}')", show=False) for keys, name in KEYS.items()
    ]

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self.map = QdcMap(ascii=ascii)
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.map

    def on_mount(self) -> None:
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name
        self.map.focus()

    def action_ask(self, action_id: str) -> None:
        self.map.action_do(action_id)

    def on_lassoed(self, message: Lassoed) -> None:
        self.heard.append(message)

    def on_point_picked(self, message: PointPicked) -> None:
        self.heard.append(message)

    def on_point_named(self, message: PointNamed) -> None:
        self.heard.append(message)

    def chosen(self) -> list[int]:
        """The ids of the last lasso."""
        ids: list[int] = [message for message in self.heard if isinstance(message, Lassoed)][-1].ids.tolist()
        return ids


Points = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int16]]


def cloud(n: int, seed: int = 0) -> Points:
    """Three overlapping clusters; ids count down, so that a position is never mistaken for an id."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 3, n).astype(np.int16)
    middle = np.array([[0, 0], [4, 1], [2, 4]])[codes]
    return (middle + random.normal(size=(n, 2))).astype(np.float32), np.arange(10 * n, 9 * n, -1), codes


async def shown(pilot: Pilot[None], points: Points, names: Sequence[tuple[str, str]] = NAMES) -> QdcMap:
    app = pilot.app
    assert isinstance(app, MapApp)
    await wait_for(lambda: bool(app.map.size), "the map has a size")
    app.map.show(*points, names)
    await pilot.pause()
    return app.map


def lines(widget: QdcMap) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


def status(widget: QdcMap) -> str:
    return lines(widget)[-1]


def at_cursor(widget: QdcMap) -> tuple[float, float]:
    assert widget.viewport is not None
    return widget.viewport.centre(*widget.cursor)


def test_no_attribute_shadows_one_of_textual() -> None:
    """A widget that overwrote one of Textual's own once hung the app."""

    class Bare(Widget, can_focus=True):
        pass

    meant = {"ALLOW_SELECT", "BINDINGS", "COMPONENT_CLASSES", "DEFAULT_CSS"}
    meant |= {"__init__", "__annotations__", "check_action", "notify_style_update", "render_line"}
    ours = (set(vars(QdcMap())) - set(vars(Bare()))) | (set(vars(QdcMap)) - set(vars(Bare)) - meant)
    assert ours & {*dir(Widget), *vars(Bare())} == set()


@pytest.mark.parametrize("size", [NARROW, WIDE, (30, 9), (12, 3), (5, 1)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_every_line_is_as_wide_as_the_map(size: tuple[int, int], ascii: bool) -> None:
    app = MapApp(ascii=ascii)
    async with app.run_test(size=size) as pilot:
        hostile = [(text, "hue 2") for text in HOSTILE.values()]
        points, ids, _ = cloud(500)
        widget = await shown(pilot, (points, ids, (np.arange(500) % len(hostile)).astype(np.int16)), hostile)
        await pilot.press("v", "right", "down", "right", "down")
        painted = lines(widget)
        assert len(painted) == size[1]
        assert {cell_len(line) for line in painted} == {size[0]}
        assert all(char.isprintable() or char in "\u200d\ufe0f" for char in "".join(painted))
        assert "".join(painted).isascii() or not ascii


async def test_the_cursor_moves_by_a_cell_or_eight_and_stops_at_the_edge() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(300))
        column, row = widget.cursor
        assert (column, row) == (40, widget.plot_rows // 2)
        await pilot.press("l", "right", "j", "shift+right", "shift+up")
        assert widget.cursor == (column + 10, row - 7)
        whole = widget.viewport
        await pilot.press(*["shift+left"] * 12, *["shift+up"] * 5)
        assert widget.cursor == (0, 0)
        assert widget.viewport == whole, "there is nothing beyond the edge of the whole"


async def test_moving_the_cursor_paints_its_lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(300))
        row = widget.cursor[1]
        regions: list[Region] = []
        refresh, bins = widget.refresh, widget.binned

        def spy(*some: Region, **options: bool) -> object:
            assert some, "the whole map was painted again"
            regions.extend(some)
            return refresh(*some, **options)

        with monkeypatch.context() as patched:
            patched.setattr(widget, "refresh", spy)
            await pilot.press("j")
        assert {region.y for region in regions} == {row, row + 1, widget.size.height - 1}
        assert {region.height for region in regions} == {1}
        assert widget.binned is bins


async def test_zoom_keeps_what_is_under_the_cursor_and_the_whole_comes_back() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(2000))
        whole = widget.viewport
        await pilot.press("shift+left", "k")
        cursor, place = widget.cursor, at_cursor(widget)
        await pilot.press(*["plus"] * 5)
        assert widget.cursor == cursor
        assert at_cursor(widget) == pytest.approx(place)
        assert "×7.6" in status(widget)
        assert widget.binned is not None
        assert widget.binned.inside < 2000
        await pilot.press("minus", "minus")
        assert at_cursor(widget) == pytest.approx(place)
        await pilot.press("0")
        assert widget.viewport == whole
        for _ in range(60):
            widget.action_do("map.zoom_in")
        assert "×431,440" in status(widget)


async def test_the_window_follows_the_cursor_over_its_edge() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(2000))
        await pilot.press(*["plus"] * 4)
        assert widget.viewport is not None
        step = widget.viewport.cell_width
        before = at_cursor(widget)
        for _ in range(60):
            widget.action_do("map.right")
        assert at_cursor(widget)[0] == pytest.approx(before[0] + 60 * step)
        for _ in range(60):
            widget.action_do("map.left")
        assert at_cursor(widget) == pytest.approx(before)


async def test_the_status_names_the_nearest_point_and_counts_the_cell() -> None:
    points = np.array([[0, 0], [0.02, 0], [10, 0], [10, 10]], dtype=np.float32)
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, (points, np.array([11, 22, 33, 44]), np.array([0, 1, 2, -1], dtype=np.int16)))
        assert widget.viewport is not None
        assert "no point here" in status(widget)
        for position, words in ((2, "#33 answer"), (3, "#44 none")):
            widget.move_to(*widget.viewport.cell(*points[position].tolist()))
            assert words in status(widget)
            assert "in this cell" not in status(widget)
        widget.move_by(-2, 0)
        assert "#44 none  nearest" in status(widget)
        widget.move_to(*widget.viewport.cell(0.0, 0.0))
        assert "2 in this cell" in status(widget)
        await pilot.press("enter")
        await wait_for(lambda: any(isinstance(said, PointPicked) for said in app.heard), "a point was picked")
        named = [said.id for said in app.heard if isinstance(said, PointNamed)]
        assert [said.id for said in app.heard if isinstance(said, PointPicked)] == [named[-1]]
        assert named[-1] in {11, 22}


async def test_a_lasso_holds_exactly_the_points_of_its_path() -> None:
    points, ids, codes = cloud(3000)
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, (points, ids, codes))
        await pilot.press("plus", "plus", "v")
        path = [at_cursor(widget)]
        for key in [*["right"] * 14, *["down"] * 6, *["shift+left"] * 2, *["up"] * 3, "left", "left", "plus", "up"]:
            await pilot.press(key)
            path.append(at_cursor(widget))
        assert "lasso open" in status(widget)
        assert sum(line.count("•") for line in lines(widget)) > 20
        await pilot.press("v")
        await wait_for(lambda: any(isinstance(said, Lassoed) for said in app.heard), "the lasso is closed")
        expected = sorted(int(i) for i, (x, y) in zip(ids, points.tolist(), strict=True) if odd(x, y, path))
        assert 10 < len(expected) < 1500
        assert app.chosen() == expected
        assert widget.draft is None
        assert f"{len(expected)} in the lasso" in status(widget)


async def test_a_box_holds_all_of_its_cells_and_escape_drops_it() -> None:
    points, ids, codes = cloud(3000)
    app = MapApp()
    async with app.run_test(size=WIDE) as pilot:
        widget = await shown(pilot, (points, ids, codes))
        await pilot.press("b", "shift+right", "down", "down")
        assert "box open" in status(widget)
        await pilot.press("escape")
        assert widget.draft is None
        assert not any(isinstance(said, Lassoed) for said in app.heard)
        first = widget.cursor
        await pilot.press("b", "shift+left", "up", "up", "up", "enter")
        await wait_for(lambda: any(isinstance(said, Lassoed) for said in app.heard), "the box is closed")
        assert widget.binned is not None
        low_column, high_column = sorted((first[0], widget.cursor[0]))
        low_row, high_row = sorted((first[1], widget.cursor[1]))
        row, column = np.divmod(widget.binned.cell, widget.binned.counts.shape[1])
        held = (column >= low_column) & (column <= high_column) & (row >= low_row) & (row <= high_row)
        assert app.chosen() == sorted(ids[held].tolist())
        assert len(app.chosen()) > 10


async def test_nothing_in_the_lasso_is_said_and_not_posted() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(50))
        await pilot.press("v", "enter")
        assert "no point in the lasso" in status(widget)
        assert not any(isinstance(said, Lassoed) for said in app.heard)
        await pilot.press("right")
        assert "no point in the lasso" not in status(widget)


async def test_escape_is_left_to_the_screen_while_nothing_is_open() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(50))
        assert widget.check_action("do", ("map.cancel",)) is False
        assert widget.check_action("do", ("map.left",)) is True
        await pilot.press("b")
        assert widget.check_action("do", ("map.cancel",)) is True


async def test_the_mouse_draws_a_lasso_clicks_and_zooms() -> None:
    points, ids, codes = cloud(3000)
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, (points, ids, codes))
        assert widget.viewport is not None
        await pilot.click(QdcMap, offset=(20, 6))
        assert widget.cursor == (20, 6)
        assert "open" not in status(widget)
        way = [(30, 5), (50, 5), (50, 14), (30, 14)]
        await pilot.mouse_down(QdcMap, offset=way[0])
        for offset in way[1:]:
            await pilot.hover(QdcMap, offset=offset)
        assert "lasso open" in status(widget)
        await pilot.mouse_up(QdcMap, offset=way[-1])
        await wait_for(lambda: any(isinstance(said, Lassoed) for said in app.heard), "the lasso is closed")
        path = [widget.viewport.centre(*cell) for cell in way]
        expected = sorted(int(i) for i, (x, y) in zip(ids, points.tolist(), strict=True) if odd(x, y, path))
        assert app.chosen() == expected
        assert expected
        await pilot.double_click(QdcMap, offset=(40, 10))
        await wait_for(lambda: any(isinstance(said, PointPicked) for said in app.heard), "a point was picked")


async def test_other_colours_keep_window_and_cursor_other_points_do_not() -> None:
    points, ids, codes = cloud(1000)
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, (points, ids, codes))
        await pilot.press("plus", "plus", "shift+left", "down")
        view, cursor = widget.viewport, widget.cursor
        widget.show(points.copy(), ids.copy(), (codes * 0).astype(np.int16), [("accepted", "accept")])
        assert (widget.viewport, widget.cursor) == (view, cursor)
        assert "accepted 1,000" in lines(widget)[-2]
        widget.show(points[:500], ids[:500], codes[:500], NAMES, keep=True)
        assert (widget.viewport, widget.cursor) == (view, cursor)
        widget.show(points[:400], ids[:400], codes[:400], NAMES)
        assert widget.viewport != view
        assert "400 points" in status(widget)


async def test_resizing_keeps_the_place_under_the_cursor() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(1000))
        await pilot.press("shift+left", "up", "up")
        place, view = at_cursor(widget), widget.viewport
        assert view is not None
        await pilot.resize_terminal(*WIDE)
        await wait_for(lambda: widget.size.width == WIDE[0], "the map is wide")
        assert widget.viewport is not None
        assert (widget.viewport.left, widget.viewport.top) == (view.left, view.top)
        x, y = at_cursor(widget)
        assert abs(x - place[0]) <= view.cell_width
        assert abs(y - place[1]) <= view.cell_height
        assert {cell_len(line) for line in lines(widget)} == {WIDE[0]}


async def test_two_hundred_thousand_points() -> None:
    points, ids, codes = cloud(200_000)
    app = MapApp()
    async with app.run_test(size=WIDE) as pilot:
        widget = await shown(pilot, (points, ids, codes))
        assert widget.binned is not None
        assert widget.binned.inside == 200_000
        assert "200,000 points" in status(widget)
        await pilot.press("plus", "b", "shift+right", "down", "b")
        await wait_for(lambda: any(isinstance(said, Lassoed) for said in app.heard), "the box is closed")
        assert len(app.chosen()) > 100


async def test_without_points_the_callers_words_stand_there() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        await wait_for(lambda: bool(app.map.size), "the map has a size")
        app.map.empty_text = "no vectors yet"
        await pilot.press(*[key.split(",")[0] for key in KEYS], "enter", "escape")
        await pilot.click(QdcMap, offset=(5, 5))
        assert [line.strip() for line in lines(app.map) if line.strip()] == ["no vectors yet"]
        widget = await shown(pilot, cloud(3000))
        assert "3,000 points" in status(widget)
        widget.show(*cloud(0), NAMES)
        assert [line.strip() for line in lines(widget) if line.strip()] == ["no vectors yet"]
        await wait_for(lambda: app.heard and app.heard[-1] == PointNamed(None), "no point is named any more")


@pytest.mark.parametrize("number", [1, 40])
async def test_one_point_and_points_in_one_place(number: int) -> None:
    points = np.full((number, 2), 3.25, dtype=np.float32)
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        ids, codes = np.arange(1, number + 1), np.zeros(number, dtype=np.int16)
        widget = await shown(pilot, (points, ids, codes))
        assert "#1 seed" in status(widget)
        await pilot.press("plus", "plus", "left", "left", "up", "b", "right", "right", "right", "down", "down", "b")
        await wait_for(lambda: any(isinstance(said, Lassoed) for said in app.heard), "the box is closed")
        assert app.chosen() == ids.tolist()


async def test_points_without_a_place_are_counted() -> None:
    points, ids, codes = cloud(20)
    points[3, 0], points[7, 1] = np.nan, np.inf
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, (points, ids, codes))
        assert "18 points  2 without a place" in status(widget)


async def test_without_colours_cells_are_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(2000))
        text = "".join(lines(widget)[: widget.plot_rows])
        assert set(text.lower()) == {" ", "s", "r", "a"}
        assert "s seed" in lines(widget)[-2]


async def test_letters_can_be_asked_for() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(2000))
        assert any(0x2800 < ord(char) < 0x2900 for char in "".join(lines(widget)))
        await pilot.press("t")
        assert set("".join(lines(widget)[: widget.plot_rows]).lower()) == {" ", "s", "r", "a"}
        await pilot.press("t")
        assert any(0x2800 < ord(char) < 0x2900 for char in "".join(lines(widget)))


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name, "ansi-dark"])
async def test_every_style_has_an_ink_in_every_theme(theme: str) -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(50))
        app.theme = theme
        await pilot.pause()
        inks = [widget._inks.shade(style, tier) for style in STYLES for tier in range(3)]
        assert all(ink.color is not None for ink in inks)
        assert len({widget._inks.ink(style).color for style in HUE_STYLES}) == len(HUE_STYLES)
        assert widget._inks.ink("no such style") == widget._inks.ink("plain")


async def test_what_the_map_cannot_do_is_refused() -> None:
    app = MapApp()
    async with app.run_test(size=NARROW) as pilot:
        widget = await shown(pilot, cloud(5))
        with pytest.raises(ValueError, match=r"no action map\.fly"):
            widget.action_do("map.fly")
