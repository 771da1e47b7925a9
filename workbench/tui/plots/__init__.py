"""Pictures made of characters. Pure functions: numbers, a width and a height in; lines of styled text out."""
