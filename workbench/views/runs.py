"""Runs: what is happening. One row a run, live; unfold for curves, steps and log; stop, resume, run again."""

from collections.abc import Sequence

import streamlit as st

from workbench.blocks import Column, Row, Table
from workbench.case import Case
from workbench.chances import chance_of
from workbench.follow import Curve, RunState, StepState, follow
from workbench.health import figure_words, red_flags, reported
from workbench.launch import stop, stop_flag
from workbench.phrases import shortened
from workbench.plan import Plan
from workbench.traces import read_samples, read_tokens
from workbench.views import blocks, state, words
from workbench.views.charts import proxy_chart, proxy_title, training_chart, training_title
from workbench.views.state import CANDIDATES, RESULTS
from workbench.views.tables import table_html, tokens_html
from workbench.workspace import Status

EVERY_SECONDS = 1.5  # How often the page looks again while something is under way.
IDLE_SECONDS = 4.0  # And while something is left to do that nobody does.
LOG_LINES = 40
PROXY, SPREAD = "reward_reward_model", "reward_spread"
LOOKS_SHOWN = 4  # The latest.
HEALTHY = """
| Healthy | Red flag | Then |
|---|---|---|
| the loss falls fast at first, then ever more slowly | it does not fall in the first tenth | raise the learning rate |
| the smoothed curve is calm | it jumps, or rises again | lower the learning rate to a third |
| it ends above 0 | it ends near 0 on few rows: learnt by heart | fewer epochs, a smaller rank |
| gradient norms of 0.1 to 10 | 100 and more, or not a number | lower the learning rate |
| preferences: the margin rises | preferred answers become unlikely, too | raise beta, or sft before |
| rewards: the reward rises, groups differ | 80 % of groups without signal | raise the temperature, draw more answers |
| rewards: KL stays below 10 nats | KL runs off | raise beta, or lower the learning rate |
| answers end by themselves | half of them are cut off | raise max_new_tokens, or let length cost reward |
"""
LOOKS: dict[Status, tuple[str, str]] = {
    "waiting": ("gray", ":material/radio_button_unchecked:"),
    "running": ("blue", ":material/pending:"),
    "done": ("green", ":material/check_circle:"),
    "failed": ("red", ":material/error:"),
    "stopped": ("orange", ":material/pause_circle:"),
}


def show() -> None:
    """The page from top to bottom."""
    st.title("Runs")
    case = state.need_case()
    with state.problems_shown():
        plan = state.plan_of(case)
        live = state.under_way(case)
        # What was started elsewhere, in a terminal or by a colleague, appears here, too.
        pause = EVERY_SECONDS if live else IDLE_SECONDS if plan.unfinished() else None
        st.fragment(rows, run_every=pause)(case, plan, live, len(plan.unfinished()))
        st.space("small")
        st.fragment(curves, run_every=2 * EVERY_SECONDS if live else None)(plan)


# --- The rows -----------------------------------------------------------------------------------------


def rows(case: Case, plan: Plan, live: bool, left: int) -> None:
    """All runs as they stand now; drawn again every other second while something is under way."""
    if state.under_way(case) != live or (not live and len(plan.unfinished()) != left):
        st.rerun()
    states = follow(plan)
    controls(case, plan, states, live=live)
    if not live:
        last_words(case, states)
    for each in states:
        row(each, live=live)


def controls(case: Case, plan: Plan, states: Sequence[RunState], *, live: bool) -> None:
    """How far it is in all, and the one button that fits."""
    done = sum(each.status == "done" for each in states)
    troubled = [each for each in states if each.status in ("failed", "stopped")]
    names = list(dict.fromkeys(each.run.candidate.name for each in states))
    whole = words.count(len(states), "run")
    with st.container(horizontal=True, vertical_alignment="center"):
        if live and stop_flag(case).exists():
            st.button("Stopping after the next checkpoint …", disabled=True, icon=":material/pause_circle:")
        elif live:
            if st.button(
                "Stop", icon=":material/stop_circle:", help="After the next checkpoint; what is done is kept."
            ):
                stop(case)
                st.rerun()
        elif done < len(states):
            label = "Resume" if done or troubled else f"Run {words.count(len(names), 'candidate')}"
            if st.button(label, type="primary", icon=":material/play_arrow:"):
                with state.problems_shown():
                    state.start(case, names)
                    st.rerun()
        else:
            state.link(RESULTS, "All runs are done: see the results", icon=":material/check_circle:")
        st.markdown(f":gray[{done} of {whole} done]")
        if not live and done < len(states):
            state.link(CANDIDATES, "Choose other candidates", icon=":material/checklist:")
    if live:
        state.show_command("stop", case.name)
    elif done < len(states):
        state.show_command("run", case.name)


def last_words(case: Case, states: Sequence[RunState]) -> None:
    """What the last run printed, where it ended early without any step saying why."""
    log = case.workspace / "logs" / f"{case.name}-run.txt"
    told = any(each.status in ("failed", "stopped") for each in states)
    if told or not log.exists() or all(each.status == "done" for each in states):
        return
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    if tail:
        st.warning("It ended before all was done. The end of what it printed:", title="The last run stopped early")
        st.code("\n".join(tail), language=None, wrap_lines=True)


def row(each: RunState, *, live: bool) -> None:
    """One run: whose, how it stands, how far, how long still, and its latest figures."""
    candidate = each.run.candidate
    seed = f" :gray[seed {each.run.seed}]" if candidate.training else ""
    with st.container(border=True, gap="xsmall"):
        left, right = st.columns([2, 3], vertical_alignment="center")
        colour, icon = LOOKS[each.status]
        with left.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{words.marked(candidate.approach, candidate.name)}{seed}", width="content")
            st.badge(words.STATES[each.status], color=colour, icon=icon)  # type: ignore[arg-type]
        right.progress(each.share, text=blocks.prose(" · ".join([doing(each, live=live), *latest(each)])))
        current = each.current
        if current is not None and current.status in ("failed", "stopped"):
            show = st.error if current.status == "failed" else st.warning
            show(current.hint or "Run it again.", title=current.message or f"{current.title} did not finish.")
        for number, said in chances(each).items():
            st.caption(f"Before stage {number}: {words.plain(said)}")
        for step in each.training:
            for flag in red_flags(state.progress_of(step.step)):
                st.warning(flag, title=f"{step.title}: worth a look", icon=":material/flag:")
        with st.expander(
            "Steps, curve and log", key=f"unfold {each.run.id}", type="compact", on_change="rerun"
        ) as unfolded:
            if unfolded.open:
                details(each)


def chances(each: RunState) -> dict[str, str]:
    """What a run's model could do before each stage of reinforcement, by the number of the stage."""
    found = {}
    for role, name in each.run.steps.items():
        step = next((one for one in each.steps if one.step.name == name), None)
        chance = (
            chance_of(step.step.record.facts) if role.startswith("passes-") and step and step.status == "done" else None
        )
        if chance is not None:
            meaning = "" if each.status == "failed" else f" {chance.meaning()}"
            found[role.removeprefix("passes-")] = f"{chance.figures()}.{meaning}"
    return found


def doing(each: RunState, *, live: bool) -> str:
    """The phase in words."""
    current = each.current
    if current is None:
        return f"done in {words.duration(each.seconds)}" if each.seconds is not None else "done"
    if current.status == "waiting":
        return f"next: {current.title}" if live else f"not begun: {current.title}"
    return f"{current.title}: {current.phase}" if current.phase else current.title


def latest(each: RunState) -> list[str]:
    """Time left and the latest figures, or what was reused."""
    current = each.current
    parts = []
    if current is not None and current.status == "running" and current.seconds_left is not None:
        parts.append(f"{words.duration(current.seconds_left)} left")
    if current is not None:
        told = [name for name in ("reward", "pair_accuracy", "loss") if name in current.figures][:1]
        parts += [f"{figure_words(name).title} {current.figures[name]:.3f}" for name in told]
    reused = sum(step.reused for step in each.steps)
    if reused:
        parts.append(f"{words.count(reused, 'step')} reused")
    return parts


def details(each: RunState) -> None:
    """Every step, the curve of each training, and the end of each log."""
    columns = (Column(title="Step"), Column(title="How it stands"))
    table = Table(title="", columns=columns, rows=tuple(Row(cells=(s.title, standing(s))) for s in each.steps))
    st.html(table_html(table))
    drawn = [state.curve_of(step.step, step.title) for step in each.training]
    if any(one.steps for one in drawn):
        approaches = {one.name: each.run.candidate.approach for one in drawn}
        blocks.plot(training_chart(drawn, approaches), f"loss {each.run.id}", alt=training_title(drawn))
    for step in each.training:
        proxy(step, each)
        on_the_way(step)
    if each.status == "done" and each.training:
        state.show_command("export", each.run.id, "--to", each.run.candidate.name)
    for step in each.steps:
        log = step.step.path("log.txt")
        if log.exists():
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
            if lines:
                st.caption(f"{step.title}, end of {words.plain(str(log))}")
                st.code("\n".join(lines), language=None, wrap_lines=True)


def proxy(step: StepState, each: RunState) -> None:
    """The reward of a reward model beside the measure that is only watched, where a training reports both."""
    names = [name for name in reported(state.progress_of(step.step)) if name.startswith("reward_") and name != SPREAD]
    if PROXY not in names or len(names) < 2:
        return
    watched = next(name for name in names if name != PROXY)
    rewarded, held = (state.curve_of(step.step, name, name) for name in (PROXY, watched))
    if len(rewarded.steps) > 1 and len(held.steps) > 1:
        title = proxy_title(rewarded, held)
        st.caption(f"{words.plain(step.title)}: {words.plain(title)}")
        chart = proxy_chart(rewarded, held, each.run.candidate.approach)
        blocks.plot(chart, f"proxy {each.run.id} {step.step.name}", alt=title)


def on_the_way(step: StepState) -> None:
    """What a training answered to development requests as it went, and what of its rows carries loss."""
    samples, rows = read_samples(step.step), read_tokens(step.step)
    if samples:
        looks = sorted({at for sample in samples for at in sample.answers})[-LOOKS_SHOWN:]
        heads = [shortened(one.request, most=90) for one in samples]
        lines = [("wanted", [one.reference for one in samples])]
        lines += [(f"after step {at}", [one.answers.get(at, "") for one in samples]) for at in looks]
        columns = tuple(Column(title=title) for title in ("", *heads))
        found = tuple(Row(cells=(name, *(shortened(cell, most=140) for cell in cells))) for name, cells in lines)
        st.caption(f"{words.plain(step.title)}: its answers to the development set on the way")
        st.html(table_html(Table(title="", columns=columns, rows=found)))
    if rows:
        st.caption(f"{words.plain(step.title)}: only what is green is learned, the rest is read")
        st.html(tokens_html(rows))


def standing(step: StepState) -> str:
    """How a step stands, in words."""
    if step.status != "done":
        return words.STATES[step.status]
    took = f" in {words.duration(step.seconds)}" if step.seconds is not None else ""
    if step.reused and step.ended is not None:
        return f"reused: done {words.ago(step.ended)}, took {words.duration(step.seconds or 0.0)}"
    return f"done{took}"


# --- The curves ---------------------------------------------------------------------------------------


def curves(plan: Plan) -> None:
    """One figure of the chosen runs over one another."""
    trained = {name(each): each for each in follow(plan) if each.training}
    lines = [line for each in trained.values() for step in each.training for line in state.progress_of(step.step)]
    figures = reported(lines)
    if not figures:
        return
    title = st.empty()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        figure = figures[0]
        if len(figures) > 1:
            figure = st.selectbox(
                "Figure", figures, format_func=lambda one: figure_words(one).title, key="figure", bind="query-params",
                width=240,
            )  # fmt: skip
        drawn = {label: part for label, each in trained.items() if (part := course(each, label, figure)).steps}
        shown = st.pills("Only these runs", list(drawn), selection_mode="multi", key="curves", bind="query-params")
        log = st.toggle("Log scale", key="log", bind="query-params")
    chosen = [drawn[label] for label in shown] or list(drawn.values())
    title.subheader(training_title(chosen, figure))
    approaches = {label: each.run.candidate.approach for label, each in trained.items()}
    blocks.plot(
        training_chart(chosen, approaches, figure=figure, log=log),
        "course of a figure",
        alt=training_title(chosen, figure),
    )
    with st.expander("What is healthy, and what is not"):
        st.markdown(HEALTHY)


def name(each: RunState) -> str:
    """A run in a few words."""
    return f"{each.run.candidate.name}, seed {each.run.seed}"


def course(each: RunState, label: str, figure: str) -> Curve:
    """A figure over all stages of a run's training, one after another."""
    steps: list[int] = []
    values: list[float] = []
    for stage in each.training:
        start = steps[-1] if steps else 0
        part = state.curve_of(stage.step, label, figure)
        steps += [start + n for n in part.steps]
        values += part.values
    return Curve(label, tuple(steps), tuple(values))


if __name__ == "__main__":
    show()
