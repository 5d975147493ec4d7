"""Mistakes under `options` of a model with adapter `openai` are told where they stand."""

import sys
from pathlib import Path

import pytest
import yaml

from harness.adapters.registry import checked_class
from harness.adapters.server.options import OpenAIOptions, Prices
from harness.checks.before import check_model
from harness.errors import MissingPackageError, SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model


def load(folder: Path, options: str) -> None:
    path = folder / "m.yaml"
    path.write_text(f"model: m\nadapter: openai\npretrained: x\noptions:\n  {options}\n")
    checked_class(load_model(Catalogue(()), str(path)))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("base_url: localhost:8000", "begins with http"),
        ("base_url: http://me:secret@server/v1", "without password"),
        ("base_url: http://server/v1?key=secret", "without password"),
        ("base_url: []", "at least 1 item"),
        ("base_url: ['http://a/v1', 'http://me:secret@b/v1']", "without password"),
        ("base_url: ['http://a/v1', 'http://a/v1/']", "addresses that differ"),
        ("base_url: ['http://a/v1', 'https://api.openai.com/v1']", "OpenAI's address alone"),
        ("api_key_env: sk-secret", "pattern"),
        ("concurrency: 0", "greater than or equal to 1"),
        ("max_retries: -1", "greater than or equal to 0"),
        ("timeout_s: 0", "greater than 0"),
        ("jpeg_quality: 90", "acts only with `image_format: jpeg`"),
        ("image_format: webp", "'png' or 'jpeg'"),
        ("structured: maybe", "'auto', 'on' or 'off'"),
        ("omit: [max_tokens]", "'temperature', 'top_p' or 'seed'"),
        ("extra_body: {temperature: 1}", "not `temperature`"),
        ("prices: {input: 1}", "`options.prices.output` is missing"),
        ("concurency: 3", "did you mean `concurrency`"),
    ],
)
def test_mistakes(options: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, options)
    (problem,) = caught.value.problems
    assert told in str(problem) and "secret" not in str(problem)
    assert problem.where.startswith(str(tmp_path / "m.yaml"))


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("harness.adapters.server.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'mllm-.*\[openai\]'"):
        checked_class(load_model(Catalogue(()), "gpt-4o"))
    (finding,) = check_model(Catalogue(()), "gpt-4o")
    assert finding.level == "note" and "[openai]" in finding.text


def test_keys_of_other_adapters_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("model: m\nadapter: openai\npretrained: x\ndevice_map: auto\n")
    with pytest.raises(SpecError, match="adapter `openai` does not use key `device_map`"):
        checked_class(load_model(Catalogue(()), str(path)))


@pytest.mark.parametrize("word", ["on", "off", "auto", "'on'"])
def test_words_that_yaml_takes_for_others(word: str, tmp_path: Path) -> None:
    load(tmp_path, f"structured: {word}")
    assert OpenAIOptions(structured=yaml.safe_load(word)).structured == word.strip("'")


def test_price_of_a_request() -> None:
    prices = Prices(input=2.5, cached_input=1.25, output=10)
    assert prices.cost(1_000_000, 0) == 2.5
    assert prices.cost(1_000_000, 0, 1_000_000) == 1.25
    assert prices.cost(0, 1_000_000) == 10
    assert prices.cost(1000, 10, 400) == pytest.approx((600 * 2.5 + 400 * 1.25 + 100) / 1e6)


def test_answers_of_a_batch_are_cheaper() -> None:
    prices = {"input": 2.5, "cached_input": 1.25, "output": 10}
    whole = OpenAIOptions(prices=prices).charged
    half = OpenAIOptions(prices=prices, batch=True).charged
    most = OpenAIOptions(prices=prices, batch=True, batch_discount=0.25).charged
    assert whole and half and most
    paid = [each.cost(1000, 10, 400) for each in (whole, half, most)]
    assert paid == pytest.approx([paid[0], paid[0] / 2, paid[0] * 0.75])
    assert OpenAIOptions(batch=True).charged is None


def test_options_that_no_answer_depends_on_do_not_hinder_a_resume(tmp_path: Path) -> None:
    def identity(options: str) -> object:
        path = tmp_path / "m.yaml"
        path.write_text(f"model: m\nadapter: openai\npretrained: x\noptions: {options}\n")
        return load_model(Catalogue(()), str(path)).identity()

    slower = "{concurrency: 2, max_retries: 9, timeout_s: 5, backoff_s: 2, longest_wait_s: 9}"
    assert identity(slower) == identity("{}")
    assert identity("{api_key_env: MINE, prices: {input: 1, output: 2}}") == identity("{}")
    batch = "{batch: true, batch_discount: 0.4, batch_requests: 9, batch_mb: 1}"
    assert identity(batch) == identity("{}")
    assert identity("{image_format: jpeg}") != identity("{}")
    assert identity("{base_url: 'http://a/v1'}") != identity("{base_url: 'http://b/v1'}")
