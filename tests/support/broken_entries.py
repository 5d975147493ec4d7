"""Ways to break a good entry, each against one rule of the checker, by the code of the rule."""

import gzip
import hashlib
from collections.abc import Callable

from support.drafts import Draft
from support.tiny_benchmark import NAMES, Answer, chance, headline, honest, original

FORGED = "0" * 64


def a_strange_file(draft: Draft) -> None:
    (draft.save() / "run.sh").write_text("#!/bin/sh\n")


def a_link(draft: Draft) -> None:
    card = draft.save() / "MODEL_CARD.md"
    card.rename(draft.folder.parent / "elsewhere.md")
    card.symlink_to(draft.folder.parent / "elsewhere.md")


def a_path_outside(draft: Draft) -> None:
    draft.manifest["files"]["../tiny/manifest.json"] = {"sha256": FORGED, "bytes": 0}
    draft.save()


def a_bomb(draft: Draft) -> None:
    draft.save()
    draft.path("tiny_cw").write_bytes(gzip.compress(b" " * (64 << 20)))
    draft.sign()


def a_secret(draft: Draft) -> None:
    draft.card += "\nUse hf_" + "a1B2" * 9 + " to load it.\n"
    draft.save()


def turned_text(draft: Draft) -> None:
    draft.card += "\nModel \u202etsetal\u202c.\n"
    draft.save()


def another_version(draft: Draft) -> None:
    draft.manifest["schema_version"] = 2
    draft.save()


def another_name(draft: Draft) -> None:
    draft.manifest["entry"] = "tinier"
    draft.save()


def a_changed_file(draft: Draft) -> None:
    draft.save()
    card = draft.folder / "MODEL_CARD.md"
    card.write_text(card.read_text() + "More.\n")


def a_wrong_card(draft: Draft) -> None:
    draft.card = draft.card.replace("kind: mllm", "kind: robot")
    draft.save()


def a_card_of_another_kind(draft: Draft) -> None:
    draft.card = draft.card.replace("kind: mllm", "kind: supervised")
    draft.save()


def an_undisclosed_card(draft: Draft) -> None:
    draft.card = draft.card.replace("imagenet_val: no", "imagenet_val: unknown")
    draft.save()


def other_classes(draft: Draft) -> None:
    draft.run()["run"]["class_list"]["sha256"] = FORGED
    draft.save()


def other_settings(draft: Draft) -> None:
    draft.run("tiny_mc")["run"]["identity"]["task"]["distractors"]["seed"] = 5
    draft.save()


def a_label_in_a_row(draft: Draft) -> None:
    draft.rows["tiny_cw"][3]["label"] = 3
    draft.save()


def a_missing_image(draft: Draft) -> None:
    del draft.rows["tiny_cw"][3]
    draft.save()


def an_extra_image(draft: Draft) -> None:
    draft.rows["tiny_cw"].append({**draft.rows["tiny_cw"][3], "image_id": "t999"})
    draft.save()


def an_image_twice(draft: Draft) -> None:
    draft.rows["tiny_cw"].append(draft.rows["tiny_cw"][3])
    draft.save()


def a_row_without_class(draft: Draft) -> None:
    row = next(row for row in draft.rows["tiny_cw"] if row["status"] == "ok")
    del row["class_id"]
    draft.save()


def a_foreign_class(draft: Draft) -> None:
    row = next(row for row in draft.rows["tiny_cw"] if row["status"] == "ok")
    row["class_id"] = 99
    draft.save()


def too_few_options(draft: Draft) -> None:
    row = draft.rows["tiny_mc"][0]
    row["options"] = [row["class_id"], (row["class_id"] + 1) % 10]
    draft.save()


def no_prompt(draft: Draft) -> None:
    del draft.rows["tiny_cw"][0]["prompt_sha256"]
    draft.save()


def a_prompt_twice(draft: Draft) -> None:
    draft.prompts["tiny_cw"] *= 2
    draft.save()


def another_prompt(draft: Draft) -> None:
    text = "Choose: " + draft.prompts["tiny_cw"][0]["text"]
    digest = hashlib.sha256(text.encode()).hexdigest()
    draft.prompts["tiny_cw"] = [{"sha256": digest, "text": text}]
    for row in draft.rows["tiny_cw"]:
        row["prompt_sha256"] = digest
    draft.save()


def easier_options(draft: Draft) -> None:
    row = next(row for row in draft.rows["tiny_mc"] if row["answer"] == "A")
    (prompt,) = (x for x in draft.prompts["tiny_mc"] if x["sha256"] == row["prompt_sha256"])
    number = int(row["image_id"][1:])
    taken = {*row["options"], original(number), *headline(number)}
    old, new = row["options"][2], next(each for each in range(10) if each not in taken)
    if old in (original(number), *headline(number)):
        old = row["options"][1]
    row["options"] = [new if each == old else each for each in row["options"]]
    text = prompt["text"].replace(NAMES[old], NAMES[new])
    row["prompt_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    if all(prompt["sha256"] != each["prompt_sha256"] for each in draft.rows["tiny_mc"]):
        draft.prompts["tiny_mc"].remove(prompt)
    if all(row["prompt_sha256"] != each["sha256"] for each in draft.prompts["tiny_mc"]):
        draft.prompts["tiny_mc"].append({"sha256": row["prompt_sha256"], "text": text})
    draft.save()


def easier_options_of_an_import(draft: Draft) -> None:
    draft.run("tiny_mc")["run"]["model_facts"]["adapter"] = "predictions"
    easier_options(draft)


def a_card_to_fill_in(draft: Draft) -> None:
    told = "What it was trained on, and how you know what you say above of the\nbenchmark's images."
    draft.card += f"\n{told}\n"
    draft.save()


def a_failed_image(draft: Draft) -> None:
    row = draft.rows["tiny_cw"][0]
    for name in ("answer", "class_id", "rule"):
        del row[name]
    draft.rows["tiny_cw"][0] = {**row, "status": "error", "error": "the server was down"}
    draft.save()


def a_higher_claim(draft: Draft) -> None:
    claim = draft.run()["claims"]["cw"]["tiny_better"]
    claim["n_right"] += 1
    claim["accuracy"] = round(100 * claim["n_right"] / claim["n"], 4)
    draft.save()


def older_labels(draft: Draft) -> None:
    for claims in draft.run()["claims"].values():
        claims["tiny_better"]["label_set_digest"] = FORGED
    draft.save()


def an_unknown_label_set(draft: Draft) -> None:
    for claims in draft.run()["claims"].values():
        claims["gated"] = claims["tiny_better"]
    draft.save()


def another_rule(draft: Draft) -> None:
    row = next(row for row in draft.rows["tiny_cw"] if row["rule"] == "strict")
    row["rule"] = "normalized"
    draft.save()


def another_cosine(draft: Draft) -> None:
    row = next(row for row in draft.rows["tiny_ow"] if row["answer"] == "zebra crossing")
    row["similarity"] -= 0.01
    draft.save()


def no_text(draft: Draft) -> None:
    draft.run()["run"]["model_facts"]["adapter"] = "predictions"
    row = next(row for row in draft.rows["tiny_cw"] if row["rule"] == "strict")
    del row["answer"]
    draft.save()


BROKEN: dict[str, Callable[[Draft], None]] = {
    "E101": a_strange_file, "E102": a_link, "E103": a_path_outside, "E104": a_bomb,
    "E105": a_secret, "E106": turned_text, "E201": another_version, "E202": another_name,
    "E203": a_changed_file, "E204": a_wrong_card, "E205": a_card_of_another_kind,
    "I206": an_undisclosed_card, "E207": other_classes, "E208": other_settings,
    "E209": a_card_to_fill_in,
    "E301": a_label_in_a_row, "E302": a_missing_image, "E303": an_extra_image,
    "E304": an_image_twice, "E305": a_row_without_class, "E306": a_foreign_class,
    "E307": too_few_options, "E308": no_prompt, "E309": a_prompt_twice, "W310": another_prompt,
    "E312": easier_options, "W312": easier_options_of_an_import,
    "E311": a_failed_image, "E401": a_higher_claim, "W402": older_labels,
    "I403": an_unknown_label_set, "E501": another_rule, "E502": another_cosine,
    "I504": no_text,
}  # fmt: skip


def often_outside(number: int) -> str:
    return "zebra crossing" if chance(number, "out") < 0.1 else honest(number)


def often_one_class(number: int) -> str:
    return "ant" if chance(number, "one") < 0.6 else honest(number)


def never_one_class(number: int) -> str:
    return "fox" if honest(number) == "eel" else honest(number)


def tired(number: int) -> str:
    return honest(number) if number < 100 else NAMES[int(10 * chance(number, "tired"))]


def copied(number: int) -> str:
    return NAMES[original(number)] if chance(number, "copied") < 0.9 else honest(number)


def perfect(number: int) -> str:
    return NAMES[(headline(number) or [1])[0]]


def literal(number: int) -> str:
    told = honest(number)
    return told if told in NAMES else NAMES[number % 10]


SUSPICIOUS: dict[str, tuple[str, Answer]] = {
    "W601": ("tiny_cw", often_outside), "W602": ("tiny_cw", often_one_class),
    "W603": ("tiny_cw", never_one_class), "W604": ("tiny_cw", tired), "W606": ("tiny_cw", copied),
    "W607": ("tiny_cw", perfect), "W608": ("tiny_ow", literal),
}  # fmt: skip
