"""A stand-in for a judge behind an OpenAI-compatible API: it prefers answers by a rule, so what it says is known.

python -m tests.judge_server PORT PATTERN     prefers the answer in which the regular expression is found
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

COMPARED = re.compile(r"\[Answer A\]\n(.*?)\n\n\[Answer B\]\n(.*?)\n\nDo not let", re.DOTALL)
GRADED = re.compile(r"\[Answer\]\n(.*?)\n\nEnd with a grade", re.DOTALL)
Reply = Callable[[str], str]


def by_rule(good: Callable[[str], bool]) -> Reply:
    """Replies to comparisons and to grades that follow a rule; a tie where it finds no difference."""

    def reply(question: str) -> str:
        if both := COMPARED.search(question):
            first, second = map(good, both.groups())
            return "Let me see. [[C]]" if first == second else f"I choose [[{'A' if first else 'B'}]]"
        graded = GRADED.search(question)
        assert graded, question
        return "[[10]]" if good(graded[1]) else "[[1]]"

    return reply


@dataclass
class Server:
    """A running stand-in."""

    url: str
    reply: Reply
    statuses: list[int] = field(default_factory=list)
    """What it answers to the next requests instead of a completion."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    page: str = ""
    """A web page that it answers with, whatever is asked."""


@contextmanager
def serving(reply: Reply, *, port: int = 0) -> Iterator[Server]:
    """Serve on a port, 0 for any free one, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append(body)
            server.keys.append(self.headers.get("Authorization", ""))
            status = server.statuses.pop(0) if server.statuses else 200
            text = server.reply(body["messages"][-1]["content"]) if status == 200 else ""
            words = sum(len(turn["content"].split()) for turn in body["messages"])
            said = {
                "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": words, "completion_tokens": len(text.split()), "total_tokens": 0},
            }
            refused = {"error": f"no: {self.headers.get('Authorization', '')}"}
            data = server.page.encode() or json.dumps(said if status == 200 else refused).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if server.page else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as http:
        server = Server(f"http://127.0.0.1:{http.server_port}/v1", reply)
        thread = Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


if __name__ == "__main__":
    wanted = re.compile(sys.argv[2])
    with serving(by_rule(lambda text: wanted.search(text) is not None), port=int(sys.argv[1])) as running:
        print(running.url, flush=True)
        Thread.join(next(t for t in __import__("threading").enumerate() if t.daemon))
