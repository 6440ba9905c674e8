"""A live part of a notebook: a widget while its kernel runs, and a still picture wherever there is none.

An output holds both, and JupyterLab shows the widget. When the kernel is gone it would say "model not found" instead
of showing the picture. So a saved notebook keeps the picture alone. This module is an extension of Jupyter's server
(`lab_settings` turns it on) that takes the widget out of what goes to the disk. The page in the browser keeps it.

>>> data = {WIDGET_VIEW: {"model_id": "7"}, "text/html": "<img>", "text/plain": "A picture"}
>>> content = {"cells": [{"cell_type": "code", "outputs": [{"output_type": "display_data", "data": data}]}]}
>>> leave_stills({"type": "notebook", "content": content})
>>> list(data)
['text/html', 'text/plain']
"""

from __future__ import annotations

from typing import Any

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STILL = "text/html"


def bundle(widget: Any, html: str, words: str) -> dict[str, Any]:
    """Return the output of a live part: its widget, the still picture in HTML, and both in words."""
    return {WIDGET_VIEW: widget._repr_mimebundle_()[WIDGET_VIEW], STILL: html, "text/plain": words}


def leave_stills(model: dict[str, Any], **_: Any) -> None:
    """Take out, in place, every widget that has a still picture beside it. Other widgets stay.

    Args:
        model: of Jupyter's contents API, about to be saved; other files than notebooks are left as they are.
    """
    if model["type"] != "notebook":
        return
    for cell in model["content"].get("cells", []):
        for output in cell.get("outputs", []):
            if STILL in output.get("data", {}):
                output["data"].pop(WIDGET_VIEW, None)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter's server where the extension is."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Called by Jupyter's server when it starts."""
    server.contents_manager.register_pre_save_hook(leave_stills)
