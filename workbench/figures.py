"""The figure of each kind of chart block, the same on a page and in the export."""

import plotly.graph_objects as go

from workbench import (
    charts,
    loss_charts,
    money_charts,
    preference_charts,
    quality_charts,
    retrieval_charts,
    tuning_charts,
)
from workbench.blocks import (
    AcceptabilityChart,
    BreakEvenChart,
    Chart,
    DifferencesChart,
    EffectsChart,
    FrontierChart,
    LossesChart,
    RecallChart,
    RefusalsChart,
    StandingsChart,
    TrialsChart,
    WinRatesChart,
)


def figure_of(block: Chart) -> go.Figure:
    """What a chart block shows."""
    match block:
        case StandingsChart():
            return charts.standings_chart(
                block.standings,
                metric=block.metric,
                best_set=block.best_set,
                choice=block.choice,
                simplest=block.simplest,
            )
        case DifferencesChart():
            return charts.differences_chart(
                block.gaps, metric=block.metric, smallest_difference=block.smallest_difference
            )
        case AcceptabilityChart():
            return money_charts.acceptability_chart(
                block.shown, approaches=block.approaches, values=block.values, currency=block.currency, many=block.many
            )
        case LossesChart():
            return loss_charts.losses_chart(block.candidate, block.losses)
        case FrontierChart():
            return loss_charts.frontier_chart(block.frontiers, approaches=block.approaches, metric=block.metric)
        case RefusalsChart():
            return loss_charts.refusals_chart(block.models, approaches=block.approaches)
        case BreakEvenChart():
            return money_charts.break_even_chart(block.found, approach=block.approach, volume=block.volume)
        case EffectsChart():
            return charts.effects_chart(block.effects, approach=block.approach)
        case RecallChart():
            return retrieval_charts.recall_chart(block.curves)
        case TrialsChart():
            return tuning_charts.trials_chart(block.choice)
        case WinRatesChart():
            return preference_charts.win_rates_chart(block.rates, approaches=block.approaches)
        case _:
            return quality_charts.quality_chart(
                block.points, metric=block.metric, takes=block.takes, choice=block.choice
            )
