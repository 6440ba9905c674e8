"""Accessible names for controls that ipywidgets leaves without: sliders, their numbers, groups of buttons.

A screen reader then says "Rate [requests/s]" where it would say "slider". Radio buttons become one group, in which
the arrow keys choose; JupyterLab would keep these keys for itself. It needs anywidget's part in the browser; where
that is missing, the controls work without names, and radio buttons by the Tab key and the space bar.

>>> Names().css_class
'archlab-panel'
"""

import anywidget
import traitlets

PANEL_CLASS = "archlab-panel"

ESM = """
const prefix = "archlab-" + Math.random().toString(36).slice(2);  // the page has many such widgets
let groups = 0;

function nameRadioButtons(panel) {
  for (const row of panel.querySelectorAll(".widget-radio")) {
    const box = row.querySelector(".widget-radio-box");
    const inputs = row.querySelectorAll("input[type=radio]");
    if (!box || box.getAttribute("role") === "radiogroup") continue;
    box.setAttribute("role", "radiogroup");
    box.setAttribute("aria-label", row.querySelector(".widget-label")?.textContent.trim() ?? "");
    groups += 1;
    for (const input of inputs) {
      input.name = prefix + "-" + groups;
      input.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  }
}

function nameControls(panel) {
  nameRadioButtons(panel);
  for (const row of panel.querySelectorAll(".widget-inline-hbox, .widget-toggle-buttons")) {
    const label = row.querySelector(".widget-label")?.textContent.trim();
    if (!label) continue;
    for (const part of row.querySelectorAll("[role=slider], .widget-readout")) {
      if (part.getAttribute("aria-label") !== label) part.setAttribute("aria-label", label);
    }
    for (const button of row.querySelectorAll(".widget-toggle-button")) {
      const pressed = String(button.classList.contains("mod-active"));
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", label);
    }
    for (const readout of row.querySelectorAll(".widget-readout[contenteditable=true]")) {
      if (readout.getAttribute("role") !== "textbox") readout.setAttribute("role", "textbox");
    }
  }
}

export default {
  render({ model, el }) {
    el.style.display = "none";
    let observer;
    let tries = 0;
    const start = () => {
      const panel = el.closest("." + model.get("css_class"));
      if (!panel) {
        if (tries++ < 100) setTimeout(start, 50);
        return;
      }
      nameControls(panel);
      observer = new MutationObserver(() => nameControls(panel));
      observer.observe(panel, { childList: true, subtree: true, attributeFilter: ["class"] });
    };
    start();
    return () => observer?.disconnect();
  },
};
"""


class Names(anywidget.AnyWidget):
    """An invisible widget. Put it into a box with the class `css_class`: it names the controls in there."""

    _esm = ESM
    css_class = traitlets.Unicode(PANEL_CLASS).tag(sync=True)
