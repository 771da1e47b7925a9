"""Painting less must show the same: the narrow compositor against Textual's own, cell by cell; rows finished ahead."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.style import Style
from textual._compositor import Compositor
from textual.geometry import Region

from tests.tui.dialogs_support import wait_for
from tests.tui.helpers import NARROW, WIDE, browse_of, browsing, see
from workbench.config import Settings
from workbench.services.workbench import Workbench
from workbench.tui.painting import NarrowCompositor
from workbench.tui.widgets.ahead import Ahead

Cells = dict[tuple[int, int], tuple[str, object]]


def painted(compositor: Compositor, part: Region) -> Cells:
    """(x, y) -> (character, style) of every cell that is painted when a part of the screen is."""
    chops = compositor._render_chops(part, lambda y: part.y <= y < part.bottom)
    cells: Cells = {}
    for y in part.line_range:
        for x, strip in chops[y].items():
            text = [(character, each.style or Style()) for each in strip or () for character in each.text]
            cells |= {(x + at, y): seen(*cell) for at, cell in enumerate(text)}
    return cells


def seen(character: str, style: Style) -> tuple[str, object]:
    """What a person sees of a cell: of a blank only its ground."""
    bare = character == " " and not (style.underline or style.reverse or style.strike)
    return character, style.bgcolor if bare else style


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("settings", [Settings(), Settings(theme="textual-light")], ids=["usual", "light"])
async def test_the_first_frame_has_all_its_styles(store: Workbench, size: tuple[int, int], settings: Settings) -> None:
    """The start leaves out styling everything a second time: doing so changes nothing."""
    async with browsing(store, size, settings=settings) as pilot:
        await see(pilot, "#1  seed")
        screen = browse_of(pilot)
        nodes = list(screen.walk_children(with_self=True))

        def looks() -> list[tuple[object, ...]]:
            return [
                (
                    node,
                    dict(node.styles.base.get_rules()),
                    {k: dict(v.get_rules()) for k, v in node._component_styles.items()},
                )
                for node in nodes
            ]

        before = looks()
        pilot.app.stylesheet.update(screen)
        assert looks() == before


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize(
    "part",
    [(0, 0, 1, 1), (0, 2, 30, 5), (3, 1, 160, 20), (70, 0, 8, 24), (78, 10, 2, 3), (0, 15, 80, 9), (20, 3, 90, 1)],
)
async def test_a_part_is_painted_as_textual_paints_it(
    store: Workbench, size: tuple[int, int], part: tuple[int, int, int, int]
) -> None:
    async with browsing(store, size) as pilot:
        await see(pilot, "#1  seed")
        narrow = browse_of(pilot)._compositor
        assert isinstance(narrow, NarrowCompositor)
        plain = Compositor()
        vars(plain).update(vars(narrow))
        screen = narrow.size.region
        whole = painted(plain, screen)
        assert painted(narrow, screen) == whole
        wanted = Region(*part).intersection(screen)
        some = painted(narrow, wanted)
        assert {at: (cell, whole[at]) for at, cell in some.items() if cell != whole[at]} == {}
        assert {(x, y) for x in wanted.column_range for y in wanted.line_range} <= some.keys()


@pytest.mark.parametrize("theme", ["workbench", "workbench-light", "nord", "ansi-dark"])
async def test_the_first_colours_are_those_of_the_theme(store: Workbench, theme: str) -> None:
    """The theme of the settings is there from the first frame, as if it had been chosen later."""
    async with browsing(store, settings=Settings(theme=theme)) as pilot:
        await see(pilot, "#1  seed")
        compositor = browse_of(pilot)._compositor
        first = painted(compositor, compositor.size.region)
        pilot.app.theme = "gruvbox"
        await wait_for(lambda: painted(compositor, compositor.size.region) != first, "another theme")
        pilot.app.theme = theme
        await wait_for(lambda: painted(compositor, compositor.size.region) == first, "the same colours again")


async def test_what_is_covered_is_not_asked_for_lines(store: Workbench) -> None:
    async with browsing(store, WIDE) as pilot:
        browse = browse_of(pilot)
        asked = {region for region, _, _ in browse._compositor._get_renders(browse.table.region)}
        assert browse.table.region in asked
        assert browse.region not in asked
        assert browse.query_one("#panes").region not in asked


async def test_the_next_page_is_finished_before_it_is_asked_for(store: Workbench) -> None:
    async with browsing(store, NARROW) as pilot:
        table = browse_of(pilot).table
        await pilot.press("pagedown", "pagedown")
        first = round(table.scroll_y) + table.window
        ids = {position + 1 for position in range(first, first + table.window)}
        await wait_for(lambda: {key[0] for key in table._strips.keys()} >= ids, "the rows ahead are finished")  # noqa: SIM118


async def test_rows_ahead_are_prepared_in_order_and_given_up_for_newer_ones() -> None:
    done: list[int] = []

    def prepare(positions: Sequence[int]) -> bool:
        for position in positions:
            done.append(position)
            if position == 23:
                return False
        return True

    ahead = Ahead(prepare)
    ahead.begin(range(100, 110))
    ahead.begin(range(10, 20))
    await wait_for(lambda: done[-1:] == [19], "all of them")
    assert done == list(range(10, 20))
    ahead.begin(range(20, 30))
    await wait_for(lambda: done[-1:] == [23], "the row that cannot be prepared")
    assert ahead._next is None
    ahead.begin(range(100, 1_000))
    await wait_for(lambda: ahead._next is None, "as many as are kept")
    assert done[-1] == 100 + Ahead.MOST - 1
    ahead.begin(range(5))
    ahead.end()
    assert ahead._next is None
