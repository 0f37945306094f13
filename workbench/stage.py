"""The stages of post-training that a candidate may list: a closed union over ``method``, each with its adapter."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from workbench.errors import ConfigError
from workbench.model import Noun
from workbench.usecase import SLUG, MetricName


class LowRank(Noun):
    """What every kind of low-rank adapter has (Hu et al. 2021)."""

    rank: int = Field(default=16, ge=1, le=512)
    """Inner dimension of the two matrices that are trained beside each linear layer."""
    alpha: int = Field(default=32, ge=1)
    """The adapter is scaled by alpha / rank; by alpha / sqrt(rank) where it is rank-stabilised."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    rank_stabilised: bool = False
    """Scale by the root of the rank, so that high ranks go on learning (rsLoRA, Kalajdzievski 2023)."""
    weight_decomposed: bool = False
    """Train the length of each weight vector beside its direction (DoRA, Liu et al. 2024)."""


class Lora(LowRank):
    """Low-rank adapters on frozen weights (Hu et al. 2021)."""

    kind: Literal["lora"] = "lora"


class Qlora(LowRank):
    """Low-rank adapters on weights held in 4-bit NF4 with double quantisation (Dettmers et al. 2023)."""

    kind: Literal["qlora"] = "qlora"


class Full(Noun):
    """All weights are trained."""

    kind: Literal["full"] = "full"


Adapter = Annotated[Lora | Qlora | Full, Field(discriminator="kind")]


class Helper(Noun):
    """A language model that helps to make what is trained on."""

    model: str = Field(min_length=1)
    """A Hub id or a folder; behind an endpoint, the name that it is asked for by."""
    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    """Address of an OpenAI-compatible API, such as http://localhost:8000/v1; None: the model is loaded here."""
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable that holds the endpoint's key; the key itself is never written down."""


class Judge(Helper):
    """A language model that says which of two answers is better, or how good one is."""

    wish: str = Field(default="It is correct, helpful and no longer than it needs to be.", min_length=1)
    """What makes an answer good, in words that the judge reads."""


class Given(Noun):
    """The preference pairs of the use case: from a file."""

    kind: Literal["given"] = "given"


class Labelled(Noun):
    """The pairs that people's choices in a queue became, as they were when they were taken."""

    kind: Literal["labelled"] = "labelled"
    queue: str = Field(pattern=SLUG)


class Drawn(Noun):
    """Pairs made of the model's own answers to the training requests (RLAIF, Bai et al. 2022, Lee et al. 2023)."""

    kind: Literal["drawn"] = "drawn"
    answers: int = Field(default=4, ge=2)
    """Answers drawn for each request; two of them make a pair."""
    temperature: float = Field(default=1.0, gt=0, le=2)
    max_new_tokens: int = Field(default=96, ge=1, le=8192)
    judge: Judge | None = None
    """Says which of two answers is better, asked in both orders; None: the use case's metric does."""


class Tuned(Noun):
    """What every stage has: the weights that are trained, and how far a step goes."""

    adapter: Adapter = Lora()
    learning_rate: float | None = Field(default=None, gt=0)
    """None: chosen from the size of the base model and the method (see workbench/learning_rates.py)."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.0, ge=0)
    looks: int = Field(default=5, ge=0)
    """How often it looks at the development set on its way: at the loss there, and at a few of its answers."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after so many looks that were no better than an earlier one, and keep the best; None: go on to the end."""

    @model_validator(mode="after")
    def _sees_what_it_waits_for(self) -> Self:
        if self.patience is not None and self.patience >= self.looks:
            raise ValueError(f"patience ({self.patience}) must be less than looks ({self.looks}), or it never stops")
        return self


class Trained(Tuned):
    """What the stages have that learn from rows which are there before training."""

    epochs: float = Field(default=8, gt=0)
    """How often each row is trained on."""
    batch_size: int = Field(default=16, ge=1)
    """Rows in one forward pass."""
    accumulate: int = Field(default=1, ge=1)
    """Forward passes in one step of the optimiser."""
    max_length: int = Field(default=1024, ge=8)
    """Longest row in tokens; longer ones are left out and counted, never cut in silence."""


class Cpt(Trained):
    """Continued pre-training on the use case's documents: knowledge put into the weights."""

    method: Literal["cpt"] = "cpt"
    epochs: float = Field(default=20, gt=0)
    """How often each document is trained on."""
    max_length: int = Field(default=256, ge=8)
    """Tokens in one window; documents follow one another, and long ones go on in the next window."""
    paraphrases: int = Field(default=0, ge=0, le=50)
    """How often each document is also told in other words: what stands there once is learned by heart but hardly found
    again when somebody asks (Allen-Zhu and Li 2023, Physics of language models 3.1)."""
    paraphraser: Helper | None = None
    """Who tells it in other words."""

    @model_validator(mode="after")
    def _somebody_paraphrases(self) -> Self:
        if self.paraphrases and self.paraphraser is None:
            raise ValueError("paraphrases need a paraphraser: a model, or an endpoint with a model's name")
        return self


class Imitating(Trained):
    """What the stages have that imitate answers."""

    general_share: float = Field(default=0.0, ge=0, lt=1)
    """Share of general rows that are mixed in, so that what has nothing to do with the use case is not unlearned."""
    general_rows: str = ""
    """A JSONL file whose rows have `messages`; empty: what the bundled base model was trained on."""


class Sft(Imitating):
    """Supervised fine-tuning on the training examples; only the answer carries loss."""

    method: Literal["sft"] = "sft"


class Preferences(Trained):
    """What the stages have that learn from preference pairs."""

    pairs: Annotated[Given | Labelled | Drawn, Field(discriminator="kind")] = Given()
    """Where the pairs come from."""
    epochs: float = Field(default=3, gt=0)
    """How often each pair is trained on."""
    batch_size: int = Field(default=8, ge=1)
    """Pairs in one forward pass: twice as many sequences."""


class Dpo(Preferences):
    """Direct preference optimisation: the preferred answers become likelier than the others (Rafailov et al. 2023)."""

    method: Literal["dpo"] = "dpo"
    epochs: float = Field(default=1, gt=0)
    """How often each pair is trained on; more than once, and pairs are learnt by heart that somebody chose wrongly."""
    loss: Literal["sigmoid", "ipo", "robust"] = "sigmoid"
    """sigmoid: as published; ipo: does not run off where pairs are certain (Azar et al. 2023); robust: for pairs of
    which some are wrong (Chowdhury et al. 2024)."""
    beta: float = Field(default=0.1, gt=0)
    """How dear it is to move away from the weights before this stage; low: far away."""
    wrong_share: float = Field(default=0.0, ge=0, lt=0.5)
    """For the robust loss: the share of pairs that prefer the wrong answer."""

    @model_validator(mode="after")
    def _share_fits(self) -> Self:
        if (self.loss == "robust") != (self.wrong_share > 0):
            raise ValueError("wrong_share belongs to the robust loss, which needs it to be above 0")
        return self


class Kto(Preferences):
    """Learning from single answers that were called good or bad (KTO, Ethayarajh et al. 2024)."""

    method: Literal["kto"] = "kto"
    beta: float = Field(default=0.1, gt=0)
    """How dear it is to move away from the weights before this stage; low: far away."""
    batch_size: int = Field(default=16, ge=4, multiple_of=2)
    """Answers in one forward pass, good and bad ones of at least two pairs; each is held against their mean."""


class Reward(Preferences):
    """A reward model: the base with a head that gives one number to an answer, learned from preference pairs."""

    method: Literal["reward"] = "reward"
    held_out: float = Field(default=0.2, gt=0, lt=1)
    """Share of the pairs that it is measured on instead of learning from them."""
    centre: float = Field(default=0.01, ge=0)
    """How strongly the rewards of each pair are drawn towards a mean of 0 (Eisenstein et al. 2023)."""


class RewardPart(Noun):
    """One measure of an answer among those that are added up to its reward."""

    metric: MetricName | Literal["judge"]
    """A metric of the use case, or the grade that the stage's judge gives."""
    weight: float = 1.0
    """How much it counts; 0: it is only watched."""


class Reinforced(Tuned):
    """What the stages have that learn from rewards for answers of their own."""

    steps: int = Field(default=100, ge=1)
    """Steps of the optimiser, each on new answers."""
    prompts: int = Field(default=16, ge=1)
    """Requests in one step."""
    answers: int = Field(default=8, ge=2)
    """Answers drawn for each request; they are held against one another."""
    batch_size: int = Field(default=64, ge=1)
    """Answers in one forward pass; prompts x answers must be a multiple of it."""
    temperature: float = Field(default=1.0, gt=0, le=2)
    """How freely answers are drawn: too low, and all are alike and teach nothing."""
    max_new_tokens: int = Field(default=96, ge=1, le=8192)
    """Longest answer; one that is cut off there keeps what it has earned by then."""
    beta: float = Field(default=0.0, ge=0)
    """How dear it is to move away from the weights before this stage (KL penalty); 0: free."""

    @model_validator(mode="after")
    def _batches_fit(self) -> Self:
        if self.prompts * self.answers % self.batch_size:
            drawn = self.prompts * self.answers
            raise ValueError(f"prompts x answers ({drawn}) must be a multiple of batch_size ({self.batch_size})")
        return self


class Grpo(Reinforced):
    """Reinforcement learning from verifiable rewards: the use case's own scorers grade answers (Shao et al. 2024)."""

    method: Literal["grpo"] = "grpo"
    rewards: tuple[RewardPart, ...] = ()
    """What is added up to the reward; empty: the use case's metric, or the judge's grade where there is one."""
    judge: Judge | None = None
    """Gives each answer a grade from 0 to 1, as a reward."""
    long_from: int | None = Field(default=None, ge=1)
    """Tokens from which an answer loses reward, by up to 1 at max_new_tokens (Yu et al. 2025, DAPO)."""

    @model_validator(mode="after")
    def _judge_is_there(self) -> Self:
        if self.judge is None and any(part.metric == "judge" for part in self.rewards):
            raise ValueError("a reward is the judge's grade, and no judge is named")
        return self

    @property
    def parts(self) -> tuple[RewardPart, ...]:
        """What is added up to the reward; empty: the use case's metric."""
        return self.rewards or ((RewardPart(metric="judge"),) if self.judge else ())


class Rlhf(Reinforced):
    """Reinforcement learning on the reward model of an earlier stage, held near the start (Ouyang et al. 2022)."""

    method: Literal["rlhf"] = "rlhf"
    beta: float = Field(default=0.05, ge=0)
    """How dear it is to move away from the weights before this stage (KL penalty); 0: free."""
    watched: MetricName | None = None
    """A metric that is logged beside the reward and moves nothing; None: the use case's. Where the reward rises and
    this does not, the reward model is being fooled."""


class RejectionSampling(Imitating):
    """Draw answers, keep those that pass, and fine-tune on them (Yuan et al. 2023)."""

    method: Literal["rejection_sampling"] = "rejection_sampling"
    answers: int = Field(default=8, ge=1)
    """Answers drawn for each training example."""
    temperature: float = Field(default=1.0, gt=0, le=2)
    max_new_tokens: int = Field(default=96, ge=1, le=8192)
    least: float = Field(default=1.0, gt=0, le=1)
    """The score on the use case's metric from which an answer passes."""
    keep: int = Field(default=2, ge=1)
    """Different answers kept for each example, at most."""
    supported_only: bool = False
    """Leave out answers that have a word or a number which the retrieved passages and the request have not."""


class Distill(Imitating):
    """Learn from a larger model (Hinton et al. 2015; on-policy: Agarwal et al. 2024)."""

    method: Literal["distill"] = "distill"
    teacher: str = Field(default="pocket", min_length=1)
    """A Hub id or a folder."""
    mode: Literal["off-policy", "on-policy"] = "off-policy"
    """off-policy: fine-tune on what the teacher answers; on-policy: the student answers and the teacher, which must
    have the same vocabulary, says of each token how likely it was."""
    divergence: Literal["reverse", "forward", "middle"] = "reverse"
    """On-policy, what is made small: reverse goes for the teacher's likeliest answers, forward covers them all."""
    temperature: float = Field(default=1.0, gt=0, le=2)
    """How freely the student answers, on-policy."""
    max_new_tokens: int = Field(default=96, ge=1, le=8192)


Stage = Annotated[
    Cpt | Sft | Dpo | Kto | Reward | Grpo | Rlhf | RejectionSampling | Distill, Field(discriminator="method")
]
Kind = (
    type[Cpt]
    | type[Sft]
    | type[Dpo]
    | type[Kto]
    | type[Reward]
    | type[Grpo]
    | type[Rlhf]
    | type[RejectionSampling]
    | type[Distill]
)
METHODS: Mapping[str, Kind] = {
    "cpt": Cpt,
    "sft": Sft,
    "dpo": Dpo,
    "kto": Kto,
    "reward": Reward,
    "grpo": Grpo,
    "rlhf": Rlhf,
    "rejection_sampling": RejectionSampling,
    "distill": Distill,
}
"""The stage of every method."""


def reads_pairs(stage: Stage) -> bool:
    """Whether a stage learns from preference pairs that are there before it: the use case's own, or labelled ones."""
    return isinstance(stage, Preferences) and isinstance(stage.pairs, Given | Labelled)


def queue_of(stage: Stage) -> str:
    """The queue whose labels a stage learns from; empty where it learns from none."""
    if isinstance(stage, Preferences) and isinstance(stage.pairs, Labelled):
        return stage.pairs.queue
    return ""


def reads_requests(stage: Stage) -> bool:
    """Whether a stage reads the requests of the training examples."""
    return not isinstance(stage, Cpt) and not reads_pairs(stage)


def parse_stage(data: Mapping[str, Any], *, where: str) -> Stage:
    """One stage from its fields.

    Raises ConfigError for a method that there is not, and as ``Noun.parse`` does.
    """
    method = str(data.get("method"))
    if method not in METHODS:
        raise ConfigError(f"{where} has a stage of an unknown method {method!r}.", f"Known: {', '.join(METHODS)}.")
    return METHODS[method].parse(data, where=where)
