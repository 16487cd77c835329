"""The look of the page and the few lines that sort its tables; both travel inside the page."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE"]

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.25rem 3rem; background: #fff;
  color: #1a1a1a; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
.headline { font-size: 1.25rem; font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
a, summary { color: #004c86; }
figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; } .scroll + .scroll { margin-top: 1.25rem; }
table { border-collapse: collapse; font-size: .875rem; width: max-content; }
caption { text-align: left; color: #4d4d4d; padding-bottom: .4rem; }
th, td { border-bottom: 1px solid #d0d0d0; padding: .3rem .6rem; text-align: start;
  vertical-align: top; font-weight: normal; }
td bdi, th bdi { display: inline-block; max-width: 16rem; overflow-wrap: break-word; }
p, li { overflow-wrap: anywhere; }
thead th { background: #f0f3f6; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible, .scroll:focus-visible, summary:focus-visible, a:focus-visible
  { outline: 3px solid #004c86; outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: " \\25B2"; }
th[aria-sort=descending] button::after { content: " \\25BC"; }
@media print { nav { display: none; } .scroll { overflow: visible; } }
"""

SCRIPT = """
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), body = head.closest("table").tBodies[0];
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const cell = row => row.cells[head.cellIndex];
    const compare = (one, other) => {
      const a = cell(one), b = cell(other), empty = !a.textContent - !b.textContent;
      if (empty || !a.textContent) return empty;
      const by = "value" in a.dataset && "value" in b.dataset
        ? a.dataset.value - b.dataset.value : a.textContent.localeCompare(b.textContent);
      return up ? by : -by;
    };
    body.append(...[...body.rows].sort(compare));
  });
}
"""
