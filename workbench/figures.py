"""The figure of each kind of chart block, the same on a page and in the export."""

import plotly.graph_objects as go

from workbench import charts
from workbench.blocks import Chart, DifferencesChart, StandingsChart


def figure_of(block: Chart) -> go.Figure:
    """What a chart block shows."""
    if isinstance(block, StandingsChart):
        return charts.standings_chart(
            block.standings, metric=block.metric, best_set=block.best_set, choice=block.choice, simplest=block.simplest
        )
    if isinstance(block, DifferencesChart):
        return charts.differences_chart(block.gaps, metric=block.metric, smallest_difference=block.smallest_difference)
    return charts.quality_chart(block.points, metric=block.metric, choice=block.choice)
