"""What a test types for the shell commands that a page has."""

import re

# Targets of make that are only looked up, and why.
SPARED = {
    "test": "runs this",
    "test-all": "runs this",
    "test-quick": "runs what others run",
    "lint": "is run by CI before",
    "image": "is run by CI before",
    "images": "is run by CI before",
    "wheel": "is run by CI before",
    ".venv/sdk/ready": "is made by make test-all before",
    ".venv/sdk3/ready": "is made by make test-all before",
    "push": "needs an account: tests/publishing types it on a stand-in",
    "sbom": "needs the image: tests/publishing types it",
    "lock": "needs uv and asks for every package anew",
    "bench": "takes ten minutes",
    "bench-data": "takes minutes",
    "bench-serve": "takes minutes",
    "bench-hosts": "takes minutes",
    "soak": "takes ten minutes",
    "fuzz": "takes five minutes a decoder",
}

SHELL = """
unset REQUIRE_ALL  # of a copy, which has no wheel
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
curl() { command curl --fail "$@"; }
wait_for_ping() {
    for _ in {1..200}; do curl --silent localhost:8080/ping && return; kill -0 $!; sleep 0.1; done
    return 1
}
press_control_c() { kill $!; wait $! || true; }
"""


def spare(words: list[str]) -> list[str]:
    """Leave out the targets that are only looked up, and a command that has no other."""
    left = [word for word in words if word not in SPARED]
    return left if left == words or any("=" not in word for word in left[1:]) else []


def type_block(text: str) -> str:
    """Give what a test types for a block: servers are waited for, and ended after it."""
    typed, after = [], []
    for line in text.replace("\\\n", " ").splitlines():
        code = re.split(" +#", line)[0]
        words = code.split()
        if words[:1] == ["make"]:
            code = " ".join(spare(words))
        if "serve" in words and words[-1] != "&":
            code += " &\nwait_for_ping"
            after = ["press_control_c"]
        typed.append(code)
    return "\n".join([*typed, *after, ""])
