"""Processes beside the app: started, asked, replaced when they die. What they are asked is for others to know."""
