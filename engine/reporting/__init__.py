"""Rendering: text for a terminal and Markdown, from the dict form of what is shown. Pure, given the templates."""
