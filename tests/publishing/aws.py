"""A stand-in for what publishing asks of AWS: STS, ECR with its registry, SageMaker's algorithms and tuner."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

ACCOUNT = "000000000000"
PASSWORD = "of-an-hour"
IDENTITY = f"""<GetCallerIdentityResponse>
<GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


@dataclass
class Aws:
    """What is in the account; `url` is where it answers, `denied` what it may not be asked, `asked` what it was."""

    url: str
    denied: str = ""
    repositories: set[str] = field(default_factory=set)
    algorithm: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)

    @property
    def registry(self) -> str:
        """The host and port of the registry."""
        return self.url.removeprefix("http://")

    def asked_names(self) -> list[str]:
        """The names of what it was asked."""
        return [name for name, _ in self.asked]

    def answer(self, name: str, words: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Answer a call of ECR or SageMaker."""
        self.asked.append((name, words))
        match name:
            case self.denied:
                return {"__type": "AccessDeniedException", "message": "not you"}, 400
            case "DescribeRepositories" if not self.repositories >= set(words["repositoryNames"]):
                return {"__type": "RepositoryNotFoundException", "message": "there is none"}, 400
            case "DescribeRepositories":
                return {"repositories": [self.describe(repository) for repository in words["repositoryNames"]]}, 200
            case "CreateRepository":
                self.repositories.add(words["repositoryName"])
                return {"repository": self.describe(words["repositoryName"])}, 200
            case "DescribeImages":
                manifest = self.manifests[f"{words['repositoryName']}:{words['imageIds'][0]['imageTag']}"]
                return {"imageDetails": [{"imageDigest": digest_of(manifest)}]}, 200
            case "GetAuthorizationToken":
                token = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
                return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": self.url}]}, 200
            case "DescribeAlgorithm":
                return self.algorithm, 200
            case "CreateAlgorithm":
                return {"AlgorithmArn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:algorithm/x"}, 200
            case "CreateHyperParameterTuningJob":
                return {"HyperParameterTuningJobArn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:tuning/x"}, 200
        return {"__type": "UnknownOperationException", "message": name}, 400

    def describe(self, repository: str) -> dict[str, Any]:
        """Describe a repository of ECR."""
        return {"repositoryName": repository, "repositoryUri": f"{self.registry}/{repository}"}


def digest_of(manifest: bytes) -> str:
    """Name a manifest as registries do."""
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def create_aws_app(aws: Aws) -> Flask:
    """Make the application that answers for `aws`."""
    app = Flask(__name__)

    @app.post("/")
    def call() -> tuple[Any, int]:
        if request.form.get("Action") == "GetCallerIdentity":
            aws.asked.append(("GetCallerIdentity", {}))
            return IDENTITY, 200
        return aws.answer(request.headers["X-Amz-Target"].rpartition(".")[2], json.loads(request.get_data()))

    @app.before_request
    def check_login() -> Response | None:
        login = request.authorization
        known = login is not None and (login.username, login.password) == ("AWS", PASSWORD)
        wrong = request.path.startswith("/v2/") and not known
        return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="ecr"'}) if wrong else None

    @app.get("/v2/")
    def version() -> dict[str, Any]:
        return {}

    @app.get("/v2/<name>/blobs/<digest>")
    def read_blob(name: str, digest: str) -> tuple[bytes, int]:
        return (aws.blobs[digest], 200) if digest in aws.blobs else (b"", 404)

    @app.post("/v2/<name>/blobs/uploads/")
    def begin_upload(name: str) -> Response:
        number = f"upload-{len(aws.blobs)}"
        aws.blobs[number] = b""
        return Response(status=202, headers={"Location": f"/v2/{name}/blobs/uploads/{number}"})

    @app.route("/v2/<name>/blobs/uploads/<number>", methods=["PATCH", "PUT"])
    def continue_upload(name: str, number: str) -> Response:
        aws.blobs[number] += request.get_data()
        here = {"Location": request.path, "Range": f"0-{len(aws.blobs[number]) - 1}"}
        if request.method == "PATCH":
            return Response(status=202, headers=here)
        aws.blobs[request.args["digest"]] = aws.blobs[number]
        return Response(status=201, headers=here)

    @app.route("/v2/<name>/manifests/<tag>", methods=["GET", "PUT"])
    def manifest(name: str, tag: str) -> Response:
        if request.method == "PUT":
            aws.manifests[f"{name}:{tag}"] = request.get_data()
        found = aws.manifests.get(f"{name}:{tag}")
        if found is None:
            return Response(status=404)
        return Response(status=201, headers={"Docker-Content-Digest": digest_of(found)})

    return app
