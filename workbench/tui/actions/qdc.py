"""The actions of the QDC screen and of the comparisons it opens."""

from __future__ import annotations

from workbench.tui.actions.model import Action, Scope, local

SCOPES: dict[str, Scope] = {
    "qdc": Scope("QDC", "place", within=("app", "list")),
    "map": Scope("Map", within=("app", "qdc")),
    "comparison": Scope("Figures side by side", "dialog", within=("dialog", "list")),
}

ACTIONS: tuple[Action, ...] = (
    Action("qdc.set", ("/", "s"), "Choose the set", "Show the curated set, all samples, or those of a filter.", "set"),
    Action("qdc.picture", ("tab",), "Next picture", "Map, distribution, history, frontier, in turn.", "picture"),
    Action("qdc.map", ("m",), "Map", "Show the samples as points: what is alike lies close together.", "map"),
    Action("qdc.distribution", ("d",), "Distribution", "Show how the figure under the cursor is distributed."),
    Action("qdc.history", ("o",), "Over the operations", "Show the figure under the cursor after each operation."),
    Action("qdc.frontier", ("f",), "Frontier", "Show the trade-off of quality against diversity that was swept last."),
    Action("qdc.pane", ("z",), "Next pane", "Go on from the figures to the picture, to the groups, and back.", "pane"),
    Action("qdc.grouping", ("b",), "Group by", "Choose what the groups have in common.", "group by"),
    Action("qdc.explain", ("e",), "Explain", "Show or fold what the figure under the cursor means.", "explain"),
    Action("qdc.colours", ("c",), "Colours of the map", "By verdict, kind, strategy, dataset, or flags.", "colour"),
    Action(
        "qdc.suggest", ("n",), "Suggest n", "Choose n samples that are good and different, to look through.", "suggest"
    ),
    Action(
        "qdc.sweep", ("F",), "Sweep the frontier", "Choose n samples again and again, from diverse to good.", "sweep"
    ),
    Action("qdc.mark", ("space",), "Mark", "Mark the samples of the group or point under the cursor.", "mark"),
    Action("qdc.undo", ("u", "ctrl+z"), "Undo", "Undo the last thing that changed what would be exported."),
    Action("qdc.redo", ("ctrl+r",), "Redo", "Do again what was undone last."),
    Action("qdc.back", ("escape", "q"), "Back", "Back to the figures, to the set before, or else to Browse.", "back"),
    Action("map.left", ("left", "h"), "Left", "One cell to the left.", palette=False),
    Action("map.right", ("right", "l"), "Right", "One cell to the right.", palette=False),
    Action("map.up", ("up", "k"), "Up", "One cell up.", palette=False),
    Action("map.down", ("down", "j"), "Down", "One cell down.", palette=False),
    Action("map.far_left", ("shift+left",), "Far left", "A long step to the left.", palette=False),
    Action("map.far_right", ("shift+right",), "Far right", "A long step to the right.", palette=False),
    Action("map.far_up", ("shift+up",), "Far up", "A long step up.", palette=False),
    Action("map.far_down", ("shift+down",), "Far down", "A long step down.", palette=False),
    Action("map.zoom_in", ("+",), "Zoom in", "Nearer; what is under the cursor stays there."),
    Action("map.zoom_out", ("-",), "Zoom out", "Farther away."),
    Action("map.whole", ("0",), "The whole map", "All points again."),
    Action("map.lasso", ("v",), "Lasso", "Begin a lasso at the cursor; again marks what is in it.", "lasso"),
    Action("map.box", ("B",), "Box", "Begin a box at the cursor; again marks what is in it."),
    Action("map.pick", ("enter",), "Open the sample", "Read the whole sample that the line below names.", "open"),
    Action("map.cancel", (), "Drop the lasso", "Drop the lasso or box that is open; escape does it too."),
    Action("map.letters", ("t",), "Letters or dots", "Draw letters, which tell categories apart without colour."),
    local("comparison.mark", "m", "Mark", "Mark these samples and look through them in Browse.", "end('mark')", "mark"),
    local("comparison.accept", "a", "Accept", "Accept these samples. Can be undone.", "end('accept')", "accept now"),
    local("comparison.leave", "q", "Leave", "Close; nothing is done.", "close"),
)

FOOTERS: dict[str, tuple[str, ...]] = {
    "qdc": ("qdc.set", "qdc.picture", "qdc.pane", "qdc.grouping", "qdc.suggest", "app.help"),
    "qdc_map": ("map.lasso", "qdc.colours", "map.pick", "qdc.picture", "qdc.pane", "app.help"),
    "qdc_points": ("qdc.mark", "qdc.sweep", "qdc.picture", "qdc.pane", "qdc.back", "app.help"),
    "qdc_groups": ("qdc.grouping", "qdc.mark", "qdc.pane", "qdc.set", "qdc.back", "app.help"),
}
"""By what has the focus."""
