"""The studio's looks in Gradio's terms. The colours live in static/tokens.css, which share pages use as well."""

from __future__ import annotations

import gradio as gr

HEAD = """
<link rel="stylesheet" href="static/tokens.css">
<link rel="stylesheet" href="static/widgets.css">
<link rel="stylesheet" href="static/studio.css">
<link rel="stylesheet" href="static/alignment.css">
<link rel="stylesheet" href="static/pairs.css">
<link rel="stylesheet" href="static/answers.css">
<link rel="stylesheet" href="static/pairs-format.css">
<link rel="stylesheet" href="static/unlearning.css">
<link rel="stylesheet" href="static/edits.css">
<link rel="stylesheet" href="static/nodes.css">
<link rel="stylesheet" href="static/ego.css">
<link rel="stylesheet" href="static/look.css">
<link rel="stylesheet" href="static/fewshot-scores.css">
<link rel="stylesheet" href="static/afr.css">
<link rel="stylesheet" href="static/compare.css">
<script type="module" src="static/vitrine.js"></script>
"""

# Set before the style sheet is there, so that the page does not flash.
PAPER, PAPER_DARK = "#f7f7f4", "#121416"

COLOURS = {
    "body_text_color": "var(--v-text)",
    "body_text_color_subdued": "var(--v-muted)",
    "background_fill_primary": "var(--v-surface)",
    "background_fill_secondary": "var(--v-sunken)",
    "border_color_primary": "var(--v-line)",
    "border_color_accent": "var(--v-accent)",
    "color_accent_soft": "var(--v-accent-soft)",
    "block_background_fill": "transparent",
    "block_border_color": "transparent",
    "block_label_background_fill": "transparent",
    "block_label_text_color": "var(--v-text)",
    "block_title_text_color": "var(--v-text)",
    "block_info_text_color": "var(--v-muted)",
    "panel_background_fill": "transparent",
    "input_background_fill": "var(--v-surface)",
    "input_background_fill_focus": "var(--v-surface)",
    "input_border_color": "var(--v-line-strong)",
    "input_border_color_focus": "var(--v-accent)",
    "input_placeholder_color": "var(--v-muted)",
    "checkbox_background_color": "var(--v-surface)",
    "checkbox_background_color_selected": "var(--v-accent)",
    "checkbox_border_color": "var(--v-line-strong)",
    "checkbox_border_color_selected": "var(--v-accent)",
    "checkbox_label_background_fill": "var(--v-surface)",
    "checkbox_label_background_fill_hover": "var(--v-sunken)",
    "checkbox_label_background_fill_selected": "var(--v-accent-soft)",
    "checkbox_label_border_color": "var(--v-line)",
    "checkbox_label_border_color_selected": "var(--v-accent)",
    "checkbox_label_text_color_selected": "var(--v-text)",
    "slider_color": "var(--v-accent)",
    "button_primary_background_fill": "var(--v-accent)",
    "button_primary_background_fill_hover": "var(--v-accent-strong)",
    "button_primary_border_color": "var(--v-accent)",
    "button_primary_border_color_hover": "var(--v-accent-strong)",
    "button_primary_text_color": "var(--v-accent-ink)",
    "button_secondary_background_fill": "var(--v-surface)",
    "button_secondary_background_fill_hover": "var(--v-sunken)",
    "button_secondary_border_color": "var(--v-line-strong)",
    "button_secondary_text_color": "var(--v-text)",
}


class VitrineTheme(gr.themes.Base):
    """Plain surfaces, hairlines and one colour."""

    def __init__(self) -> None:
        super().__init__(
            primary_hue="teal",
            neutral_hue="stone",
            text_size="md",
            spacing_size="md",
            radius_size="sm",
            font=["Vitrine Sans", "system-ui", "sans-serif"],
            font_mono=["Vitrine Mono", "ui-monospace", "monospace"],
        )
        self.name = "vitrine"
        both = {f"{name}{mode}": value for name, value in COLOURS.items() for mode in ("", "_dark")}
        super().set(
            **both,
            body_background_fill=PAPER,
            body_background_fill_dark=PAPER_DARK,
            body_text_size="14px",
            block_border_width="0px",
            block_padding="0px",
            block_shadow="none",
            block_title_text_weight="600",
            block_label_text_weight="600",
            block_title_text_size="13px",
            block_label_text_size="13px",
            block_info_text_size="12px",
            input_border_width="1px",
            input_padding="7px 10px",
            input_shadow="none",
            input_shadow_focus="0 0 0 3px var(--v-ring)",
            button_primary_shadow="none",
            button_secondary_shadow="none",
            button_large_padding="9px 18px",
            button_large_text_size="14px",
            button_transform_hover="none",
            checkbox_label_padding="8px 12px",
            layout_gap="16px",
            form_gap_width="0px",
        )
