"""Upload of an exported folder to the Hugging Face hub."""

from pathlib import Path

from harness.errors import Problem, RunError, UserError

_OURS = (
    "predictions/*", "prompts/*", "labels/*", "classes/*", "scores/*", ".eval_results/*",
    "README.md", "eval.yaml",
)  # fmt: skip
"""What an earlier upload has left and this one replaces: nothing of it is mixed with the new."""


def refuse_without_token(repo: str) -> None:
    """Raise UserError where nobody is logged in to the hub, or it is switched off."""
    import huggingface_hub
    from huggingface_hub import constants

    where = f"--push {repo}"
    if constants.HF_HUB_OFFLINE:
        raise UserError(Problem(where, "the hub is switched off", fix="unset HF_HUB_OFFLINE"))
    if huggingface_hub.get_token() is None:
        fix = "hf auth login, or set HF_TOKEN to a token that may write"
        raise UserError(Problem(where, "there is no token of the hub", fix=fix))


def push(folder: Path, repo: str, private: bool) -> str:
    """Upload a folder as the data set `repo`, which is made if it is not there; give its address.

    An earlier export there is replaced in the same commit. `private` acts when it is made; without
    it the account's or organization's default does. Raises RunError where the hub refuses or cannot
    be reached; the folder stays.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        made = api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
        api.upload_folder(
            repo_id=made.repo_id,
            folder_path=folder,
            repo_type="dataset",
            commit_message="Upload by `harness export hf`",
            delete_patterns=list(_OURS),
        )
    except Exception as error:  # also of its HTTP client, another one in each of its versions
        fix = f"the folder is whole: hf upload {repo} {folder} --repo-type dataset uploads it"
        problem = Problem(f"--push {repo}", "the hub did not take it", got=str(error), fix=fix)
        raise RunError(str(problem)) from error
    return str(made)
