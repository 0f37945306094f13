"""The model card of a trained run, of a report's blocks: how to ask it, how well it does, and what is not known."""

from collections.abc import Iterator

import yaml

from workbench import render_markdown
from workbench.blocks import Block, Code, Definition, Definitions, Heading, Text
from workbench.case import SPLITS, Case
from workbench.checked import gather
from workbench.errors import WorkbenchError
from workbench.results import decide, load_results
from workbench.run import Run
from workbench.score import METRICS, counted, deciding
from workbench.sections.answer import verdict
from workbench.sections.evidence import quality, takes
from workbench.sections.lost import cost_blocks
from workbench.sections.material import Material
from workbench.sections.money import costs
from workbench.sections.origin import documents_hash, split_hashes


def card(case: Case, run: Run) -> str:
    """The card as Markdown, with the front matter that the Hub reads."""
    front = yaml.safe_dump({"base_model": run.candidate.base_model, "library_name": "transformers"}, sort_keys=True)
    title = render_markdown.plain(f"{case.name}: {run.candidate.name}")
    return f"---\n{front}---\n\n# {title}\n\n{render_markdown.body(list(_blocks(case, run)))}\n"


def _blocks(case: Case, run: Run) -> Iterator[Block]:
    candidate = run.candidate
    methods = " -> ".join(f"{stage.method} ({stage.adapter.kind})" for stage in candidate.training)
    yield Text(text=f"{candidate.base_model}, trained for the use case {case.name}: {methods}; seed {run.seed}.")
    yield Heading(text="How to ask it")
    yield _asked(case, run)
    yield Heading(text="How well it does")
    yield from _measured(case, run)
    yield from _lost(case, run)
    yield Heading(text="From what it was made")
    there = [(split, path) for split in SPLITS if (path := case.split_path(split)).exists()]
    sizes = {split: path.read_bytes().count(b"\n") for split, path in there}
    documents = [documents_hash(case)] if case.documents is not None and candidate.retrieval is not None else []
    yield Definitions(items=(*split_hashes(case, sizes), *documents))
    yield Code(title="The candidate", text=candidate.to_yaml().strip())


def _asked(case: Case, run: Run) -> Definitions:
    candidate = run.candidate
    told = case.use_case.instruction if candidate.prompt.instruction is None else candidate.prompt.instruction
    items = [Definition(term="System message", text=told or "none", literal=bool(told))]
    if candidate.prompt.examples:
        text = f"{candidate.prompt.examples}, before each request, as it was measured"
        items.append(Definition(term="Solved examples", text=text))
    if candidate.retrieval is not None:
        text = f"{candidate.retrieval.passages} in each request, as it was trained and measured"
        items.append(Definition(term="Retrieved passages", text=text))
    return Definitions(items=tuple(items))


def _measured(case: Case, run: Run) -> Iterator[Block]:
    try:
        results = load_results(case)
        recommendation = decide(results)
    except WorkbenchError as error:
        yield Text(text=f"Not measured: {error.message}")
        return
    material = Material(results, recommendation, results.audit())
    title, what = deciding(results.use_case)[0], counted(results.use_case)
    yield Text(text=f"{title} on {recommendation.n:,} {what} that nobody trained on.")
    yield quality(material, subject=run.candidate.name)
    yield takes(material, subject=run.candidate.name)
    if any(one.cost is not None for one in recommendation.earnings.candidates):
        yield costs(material, subject=run.candidate.name)
    yield Text(text="What the comparison of all candidates recommends for the use case:")
    yield verdict(material)


def _lost(case: Case, run: Run) -> Iterator[Block]:
    name, approach = run.candidate.name, run.candidate.approach
    checked = gather(case, [run.candidate])
    blocks = cost_blocks(
        checked, approaches={name: approach}, metric=METRICS[case.use_case.metric].phrase, subject=name, narrow=True
    )
    if checked.losses.get(name):
        yield from blocks
        return
    yield Heading(text="What training cost")
    yield from blocks[1:]
    yield Text(
        text="Forgetting was not measured for this run: check what else it has to be able to do before you rely on it."
    )
