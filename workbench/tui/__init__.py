"""The app. Only this room imports Textual."""

import os

# Textual paints what has changed once a frame. At its own 60 frames a second a figure that follows a key press by 2 ms
# waits 17 ms for the next one; a frame costs nothing when nothing has changed. Read by Textual when it is imported.
os.environ.setdefault("TEXTUAL_FPS", "240")
