"""The table of samples over rows that are not in a store: painting, moving, and what it does not do."""

from __future__ import annotations

import re

import numpy as np
import pytest
from rich.cells import cell_len
from textual.geometry import Region

from tests.tui.dialogs_support import HOSTILE, wait_for
from tests.tui.fakes import FakeSource, FakeView, TableApp, cells_of, lines, table_app
from workbench.model import Verdict
from workbench.tui.messages import CursorMoved, PageFailed, RowOpened, SortAsked

WIDE, NARROW = (160, 45), (80, 24)


async def settled(app: TableApp) -> None:
    """Wait until every row in the window has its text."""
    table = app.table
    rows = min(table.window, table.count)

    def all_there() -> bool:
        return table.size.height > 0 and not any(text == "…" for text in cells_of(table, "prompt")[:rows])

    await wait_for(lambda: bool(table._placed), "the columns are placed")
    await wait_for(all_there, "the rows in the window are there")


@pytest.mark.parametrize("size", [NARROW, (120, 40), WIDE, (40, 10)])
async def test_every_line_is_exactly_as_wide_as_the_table(size: tuple[int, int]) -> None:
    app = table_app(100_000)
    async with app.run_test(size=size) as pilot:
        await settled(app)
        app.marks.set(np.array([3, 4], dtype=np.int64))
        await pilot.press("G", "k")
        await settled(app)
        width = app.table.scrollable_content_region.width
        assert {cell_len(line) for line in lines(app.table)} == {width}


async def test_a_hundred_thousand_rows_make_no_object_each() -> None:
    app = table_app(100_000)
    async with app.run_test(size=NARROW) as pilot:
        await settled(app)
        await pilot.press("end")
        await settled(app)
        assert app.table.cursor == 99_999
        assert cells_of(app.table, "prompt")[-1] == "prompt 100000"
        rows_read = sum(count for _, count in app.source.asked)
        assert rows_read <= 6 * 128
        assert len(app.table._strips) < 200


@pytest.mark.parametrize("name", list(HOSTILE))
async def test_hostile_text_keeps_its_line_and_the_columns(name: str) -> None:
    app = table_app(20, source=FakeSource(lambda _: HOSTILE[name]))
    async with app.run_test(size=NARROW):
        await settled(app)
        painted = lines(app.table)
        assert {cell_len(line) for line in painted} == {app.table.scrollable_content_region.width}
        text = "".join(painted)
        assert all(char.isprintable() or char in "\u200d\ufe0f" for char in text), text


async def test_verdict_is_glyph_and_word_and_comes_from_the_facts() -> None:
    app = table_app(30)
    async with app.run_test(size=NARROW):
        await settled(app)
        asked = len(app.source.asked)
        app.fake_facts.verdict[1:4] = (Verdict.ACCEPT, Verdict.REJECT, Verdict.UNDECIDED)
        app.table.facts_changed()
        assert cells_of(app.table, "verdict")[:3] == ["✓ accept", "✗ reject", "· open"]
        assert len(app.source.asked) == asked


async def test_moving_inside_the_window_paints_two_lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    app = table_app(1000)
    async with app.run_test(size=NARROW) as pilot:
        await settled(app)
        regions: list[Region] = []
        refresh = app.table.refresh

        def spy(*some: Region, **options: bool) -> object:
            regions.extend(some)
            assert some, "the whole table was painted again"
            return refresh(*some, **options)

        with monkeypatch.context() as patched:
            patched.setattr(app.table, "refresh", spy)
            await pilot.press("j")
        assert app.table.cursor == 1
        assert [region.y for region in regions] == [1, 2]
        assert {region.height for region in regions} == {1}


async def test_keys_move_as_they_should() -> None:
    app = table_app(1000)
    async with app.run_test(size=NARROW) as pilot:
        await settled(app)
        table, page = app.table, app.table.window
        for key, there in (
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("up", 0),
            ("ctrl+d", page // 2),
            ("ctrl+u", 0),
            ("pagedown", page),
            ("pageup", 0),
            ("G", 999),
            ("down", 999),
            ("home", 0),
        ):
            await pilot.press(key)
            assert table.cursor == there, key
            top = round(table.scroll_y)
            assert top <= table.cursor < top + page, key


async def test_a_row_that_is_not_there_yet_shows_what_is_known() -> None:
    app = table_app(1000, source=FakeSource(held=True))
    async with app.run_test(size=NARROW):
        await wait_for(lambda: bool(app.table._placed), "the table is laid out")
        assert cells_of(app.table, "prompt")[0] == "…"
        assert cells_of(app.table, "tokens")[0] == "1"
        assert cells_of(app.table, "verdict")[0] == "· open"
        app.source.release()
        await wait_for(lambda: cells_of(app.table, "prompt")[0] == "prompt 1", "the page has come")


async def test_a_page_that_cannot_be_read_is_said_once() -> None:
    source = FakeSource()
    source.error = OSError("the disk is gone")
    app = table_app(1000, source=source)
    async with app.run_test(size=NARROW) as pilot:
        await wait_for(lambda: any(isinstance(said, PageFailed) for said in app.heard), "the failure is said")
        await pilot.press("j", "j")
        failures = [said for said in app.heard if isinstance(said, PageFailed)]
        assert len(failures) <= 2  # the window's page, and the one read ahead
        assert app.table.cursor == 2


async def test_a_view_that_grows_keeps_the_cursor_and_gets_its_rows() -> None:
    app = table_app(10)
    async with app.run_test(size=NARROW) as pilot:
        await settled(app)
        await pilot.press("j", "j", "j")
        app.view.rows = np.arange(1, 5001, dtype=np.int64)
        app.table.grew()
        assert app.table.cursor == 3
        await settled(app)
        assert cells_of(app.table, "prompt")[15] == "prompt 16"
        await pilot.press("G")
        assert app.table.cursor == 4999


async def test_resizing_keeps_the_cursor_in_sight() -> None:
    app = table_app(1000)
    async with app.run_test(size=WIDE) as pilot:
        await settled(app)
        app.table.move_to(40)
        await pilot.resize_terminal(*NARROW)
        await wait_for(lambda: app.table.size.height == 24, "the table is small")
        await wait_for(lambda: any(line.startswith("▌") for line in lines(app.table)), "the cursor is in sight")
        assert {cell_len(line) for line in lines(app.table)} == {app.table.scrollable_content_region.width}


async def test_marks_and_an_open_range_show_in_the_gutter() -> None:
    app = table_app(100)
    async with app.run_test(size=NARROW) as pilot:
        await settled(app)
        app.marks.toggle(2)
        app.table.range_from = 3
        await pilot.press("j", "j", "j", "j", "j")
        app.table.facts_changed()
        assert [line[1] for line in lines(app.table)[1:8]] == [" ", "●", " ", "┃", "┃", "┃", " "]
        assert app.table.range_ids().tolist() == [4, 5, 6]
        await pilot.press("home")
        assert app.table.range_ids().tolist() == [1, 2, 3, 4]


async def test_a_click_moves_a_double_click_opens_and_a_title_sorts() -> None:
    app = table_app(100)
    async with app.run_test(size=NARROW) as pilot:
        await settled(app)
        await pilot.click(app.table, offset=(30, 5))
        assert app.table.cursor == 4
        await pilot.click(app.table, offset=(30, 6), times=2)
        await wait_for(lambda: any(isinstance(said, RowOpened) for said in app.heard), "the row is opened")
        place = next(placed for placed in app.table._placed if placed.column.key == "tokens")
        await pilot.click(app.table, offset=(place.start + 1, 0))
        await wait_for(lambda: any(isinstance(said, SortAsked) for said in app.heard), "a sort is asked for")
        assert [said.key for said in app.heard if isinstance(said, SortAsked)] == ["tokens"]


async def test_the_sorted_column_has_an_arrow() -> None:
    app = table_app(100)
    async with app.run_test(size=NARROW):
        await settled(app)
        app.table.show(app.view, sort="tokens", descending=True)
        assert "tok↓" in lines(app.table)[0]
        app.table.show(app.view, sort="tokens")
        assert "tok↑" in lines(app.table)[0]


async def test_an_empty_view_says_so_and_survives_every_key() -> None:
    app = table_app(0)
    async with app.run_test(size=NARROW) as pilot:
        app.table.empty_text = "Nothing matches."
        await pilot.press("j", "k", "G", "home", "pagedown", "ctrl+u")
        await wait_for(lambda: bool(app.table._placed), "the table is laid out")
        assert any("Nothing matches." in line for line in lines(app.table))
        assert app.table.cursor_id is None
        assert app.table.range_ids().tolist() == []


async def test_cursor_messages_name_the_sample() -> None:
    app = TableApp(FakeSource(), table_app(50).fake_facts, FakeView(np.array([40, 7, 12], dtype=np.int64)))
    async with app.run_test(size=NARROW) as pilot:
        await settled(app)
        await pilot.press("j")
        await wait_for(lambda: app.heard and isinstance(app.heard[-1], CursorMoved), "the cursor's place is said")
        last = app.heard[-1]
        assert isinstance(last, CursorMoved)
        assert (last.position, last.sample_id) == (1, 7)


async def test_tags_get_a_column_when_the_first_is_seen() -> None:
    source = FakeSource()
    source.tags = {2: ["easy", "[/]"]}
    app = table_app(20, source=source)
    async with app.run_test(size=WIDE):
        await settled(app)
        await wait_for(lambda: any(placed.column.key == "flags" for placed in app.table._placed), "there is a column")
        assert cells_of(app.table, "flags")[:2] == ["", "#easy #[/]"]


async def test_wide_characters_do_not_move_the_columns_after_them() -> None:
    app = table_app(20, source=FakeSource(lambda number: "日本語" * 40 if number % 2 else "👩‍👩‍👧 family 🏳️‍🌈"))
    async with app.run_test(size=(160, 20)):
        await settled(app)
        response = next(placed for placed in app.table._placed if placed.column.key == "response")
        for line in lines(app.table)[1:]:
            before = re.split(r"response \d+", line)[0]
            assert cell_len(before) == response.start
