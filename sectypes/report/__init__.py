"""A comparison on paper: one HTML page, an Excel file, or Markdown.

Texts from outside are shown as texts everywhere: never as markup, formula or script.
"""

from __future__ import annotations

from sectypes.report.excel import to_excel
from sectypes.report.markdown import to_markdown
from sectypes.report.page import to_html

__all__ = ["to_excel", "to_html", "to_markdown"]
