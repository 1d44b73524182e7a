"""The child that talks to a bucket: `python -m orchestrator.adapters.s3.child`.

It reads one JSON object on its standard input (`Bucket.brief`: where, the keys, an operation and
its request) and writes lines of JSON: what an operation tells on the way, then `{"answer": ...}` or
`{"error": {"kind", "message", "hint", "retryable"}}`. An operation is a function of a module beside
this one, `run(place, request, tell) -> answer`.
"""

from __future__ import annotations

import importlib
import json
import sys

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.s3.child.place import Place
from orchestrator.adapters.s3.child.saying import say
from orchestrator.errors import PraError, RepositoryUnreachable

OPERATIONS = {
    "empty": "orchestrator.adapters.s3.child.empty",
    "rewind": "orchestrator.adapters.s3.child.rewind",
    "view": "orchestrator.adapters.s3.child.view",
    "relock": "orchestrator.adapters.s3.child.relock",
    "sizes": "orchestrator.adapters.s3.child.sizes",
    "laying": "orchestrator.adapters.s3.child.laying",
    "posture": "orchestrator.adapters.s3.child.posture",
    "opening": "orchestrator.adapters.s3.child.opening",
}


def main() -> None:
    """Do the one operation that standard input asks for."""
    brief = json.load(sys.stdin)
    try:
        place = Place.of(brief)
        operation = importlib.import_module(OPERATIONS[brief["operation"]])
        try:
            say({"answer": operation.run(place, brief["request"], say)})
        except ClientError as error:
            raise place.refusal(error) from error
        except BotoCoreError as error:
            raise RepositoryUnreachable(
                f"{place.repository}: {place.endpoint} does not answer: "
                f"{str(error).splitlines()[0]}",
                hint="Check the network and the address; the storage may be down.",
                retryable=True,
            ) from error
    except PraError as error:
        told = {"message": str(error), "hint": error.hint, "retryable": error.retryable}
        say({"error": {"kind": type(error).__name__, **told}})


if __name__ == "__main__":
    main()
