"""What the columns of the dataset mean, for its card."""

from collections.abc import Mapping

_MODEL = {"model": "name of the model", "task": "name of the task"}
_INTERVAL = "95 % interval: Wilson's for an accuracy, of redrawn classes for a change"
_BY_CLASS = "95 % interval of an accuracy when whole classes are redrawn"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "predictions": {
        **_MODEL,
        "protocol": "how the task asks: `ow`, `mc`, `cw`, `cw_plus` or `classify`",
        "class_list": "the classes that ids are of; see config `classes`",
        "image_id": "unique within a model and a task",
        "status": "`ok`, `oop` (out of prompt), `unparsed`, `refused` or `empty`",
        "answer": "what the model wrote, verbatim",
        "class_id": "the class by parsing or, under rule `mapped`, by the text encoder",
        "also": "other classes that bear the same name; right if any of them is",
        "rule": "what decided: a rung of the parser's ladder, `mapped`, or `scores`",
        "similarity": "cosine of the answer and the mapped class",
        "margin": "similarity less that of the next class",
        "top": "class ids, best first, where there are several",
        "top_scores": "the model's own scores of `top`",
        "top_per_token": "for ranked text, class ids by mean log-probability of a token",
        "top_per_token_scores": "these means",
        "outside": "for constrained text, share of probability outside of the list",
        "options": "for multiple choice, class ids of the lettered options, in order",
        "image_sha256": "SHA-256 of width, height and decoded RGB pixels",
        "prompt_sha256": "SHA-256 of the rendered prompt",
        "batch": "how many requests went through the model together",
        "tokens": "tokens generated for the request",
        "prompt_tokens": "tokens of the prompt with its images",
        "cost": "US dollars",
        "images_in_prompt": "images that shared the request; tokens and cost are theirs together",
        "revision": "what a server says that it answered with, such as a dated snapshot",
        "mark": "of the run, as in its manifest",
        "seconds": "time of the batch, shared evenly",
        "reasoning": "what a thinking model wrote before its answer",
        "removed": "what was taken off the text before it was read",
        "truncated": "whether the text ended at `max_new_tokens`; null where not known",
        "answers": "all answers, best first, where an import gives several",
        "nearest": "what the text encoder takes an answer for that was read as a name of the list "
        "without being strictly one",
        "meant": "several answers that are all meant; `class_id` and `also` are of all of them",
    },
    "labels": {
        "label_set": "name of the label set",
        "class_list": "the classes that ids are of",
        "original": "whether these are the data set's own labels",
        "image_id": "as in `predictions`",
        "class_ids": "every valid class; empty where none of the list is",
        "names": "the names of `class_ids`",
    },
    "classes": {
        "class_list": "name of the class list",
        "name_set": "which of its sets of names is in use",
        "class_id": "the id",
        "name": "the name that prompts and answers use",
        "aliases": "other names",
        "wnid": "WordNet id",
        "counts_as": "lowest id of the classes that count as one with it; null where not told",
    },
    "scores": {
        **_MODEL,
        "protocol": "how answers counted; a run of `cw` is scored as `cw_plus` too",
        "label_set": "null where no label is needed; `a->b` for a change between two",
        "metric": "`accuracy` and others",
        "value": "percent or percentage points; a probability for `p_mcnemar` and `p_holm`",
        "n": "what it is a share or mean of: images, or classes for `mean_per_class`",
        "ci_low": _INTERVAL,
        "ci_high": "its upper end",
        "ci_classes_low": _BY_CLASS,
        "ci_classes_high": "its upper end",
        "label_set_sha256": "of the labels",
        "class_list_sha256": "of ids, names, aliases and WordNet ids",
        "data_fingerprint": "of the images that were answered: their ids and pixels",
        "harness_version": "that answered",
        "git_commit": "of the harness that answered",
    },
}
"""Config to column to meaning, in the order of the columns."""
