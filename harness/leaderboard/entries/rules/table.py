"""Every rule's code and what it means when it fires; docs/submit.md has the same table."""

from collections.abc import Mapping
from types import MappingProxyType

RULES: Mapping[str, str] = MappingProxyType(
    {
        "E101": "A file that no entry has.",
        "E102": "A link, or something else that is no plain file.",
        "E103": "A path that leads out of the entry.",
        "E104": "A file that is too large, packed or unpacked, or too many files.",
        "E105": "Something that looks like a key or a password.",
        "E106": "A character that is not seen, or that turns the direction of text.",
        "E201": "`manifest.json` is not of the schema, or of an unknown version.",
        "E202": "The manifest contradicts itself: name and folder, run and task, model and runs.",
        "E203": "A file is missing, has no hash, or is not the one that the manifest has.",
        "E204": "`MODEL_CARD.md` has no front matter, or it says what it cannot say.",
        "E205": "Card and manifest are of different models or kinds of model.",
        "I206": "The card does not say whether the benchmark was in the training data.",
        "E207": "The task is none of the leaderboard's, or its classes have changed.",
        "E208": "The run was made under other settings than the task has.",
        "E209": "The card is not filled in: text of the template is still in it.",
        "E301": "A line that is no row: no JSON, a field that no row has, a wrong type.",
        "E302": "Images of the benchmark have no row.",
        "E303": "Rows of images that the benchmark does not have.",
        "E304": "Several rows of one image.",
        "E305": "Status, class, rule and text of a row do not fit each other.",
        "E306": "A class id that is none of the class list.",
        "E307": "Options: not as many as the task has, the answer is none of them, or not exactly "
        "one is a valid label.",
        "E308": "A row without its prompt.",
        "E309": "A prompt that is not of its hash, stands twice, or belongs to no row.",
        "W310": "Prompts that the task does not render today.",
        "E311": "Rows of images that failed: an entry is complete.",
        "E312": "Options that are not those that the task draws.",
        "W312": "Options that came with imported answers, and are not those that the task draws.",
        "I313": "Options were not drawn again: what the task draws them by is not here.",
        "E401": "A claimed figure is not the one that scoring gives.",
        "W402": "The labels have changed since the claim, so that it cannot be checked.",
        "I403": "A label set of the claim, or of the task, is not on this machine.",
        "E501": "The parser reads an answer otherwise than the row says.",
        "E502": "The text encoder maps an answer otherwise than the row says.",
        "I503": "Mapped answers were not mapped again: the encoder is not here, or another.",
        "I504": "Rows without text, whose classes cannot be found again.",
        "W601": "More than 5 % of the answers are out of prompt, unparsed or refused.",
        "W602": "One class has more than 5 % of the answers (small lists: five times 1/classes), "
        "and more than twice its share of the labels.",
        "W603": "Classes with at least 10 images that are never answered.",
        "W604": "Accuracy drifts along the order of the file.",
        "W605": "The answers are those of another entry, or nearly so.",
        "W606": "Wrong original labels are chosen more often than accuracy explains.",
        "E701": "A line of the ledger is no decision.",
        "E702": "The ledger's dates go back.",
        "E703": "An entry that was decided on is not there, and not withdrawn.",
        "E704": "A decision without the level that it needs, or with one that it cannot have.",
        "E705": "Lines of the ledger were changed or removed; lines are only added.",
        "I706": "An entry that nothing was decided on yet, as it is now.",
    }
)
