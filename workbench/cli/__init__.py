"""The headless commands: click modules that parse, call a service and print. No work of their own, no SQL, no Textual."""
