"""Answers that decline to answer, and answers that say that no listed name fits.

The patterns are narrow on purpose: a refusal counts as wrong and is never mapped to a class, so a
text that merely sounds unsure must not be taken for one. They come from replies of GPT-4V, LLaVA
and InstructBLIP (paulgavrikov/vlm_shapebias) and from the usual phrases of aligned models.
"""

import re
from collections.abc import Iterator

from harness.answers.text import clauses
from harness.answers.vocabulary import DECLINES

_CANNOT = (
    r"(?:can\s?not|can't|could\s?n[o']t|won't|will\s+not|(?:am|'m|is|are)\s+(?:unable|not\s+able)\s+to"
    r"|(?:am|'m)\s+not\s+(?:allowed|permitted)\s+to|do(?:es)?\s+not\s+have\s+the\s+ability\s+to)"
)
_DO = (
    r"(?:help|assist|answer|respond|comply|fulfill?|provide|give|offer|identify|determine|recogni[sz]e"
    r"|classify|categori[sz]e|discern|distinguish|tell|say|see|view|make\s+out|choose|select|pick"
    r"|name|describe|analy[sz]e|process|confirm|be\s+(?:sure|certain)|do\s+that)"
)
_ADVERBS = r"(?:\s+(?:accurately|definitively|confidently|reliably|really|clearly|currently))*"

_DECLINES = re.compile(
    # "I'm sorry, I can't assist with that request." (GPT-4V, 5 % of its replies)
    rf"\bi\s*{_CANNOT}{_ADVERBS}\s+{_DO}\b"
    # "Unable to determine."
    rf"|^\W*(?:unable|not\s+able)\s+to{_ADVERBS}\s+{_DO}\b"
    # "…, making it impossible to accurately identify any of the objects"; not "difficult to discern
    # details", with which GPT-4V opens descriptions
    rf"|\b(?:it|it's|it\s+is)\s+(?:not\s+possible|impossible)(?:\s+for\s+me)?\s+to{_ADVERBS}\s+{_DO}\b"
    # "The image is too distorted for me to accurately identify the object"
    rf"|\bfor\s+me\s+to{_ADVERBS}\s+{_DO}\b"
    # "The content behind the glass cannot be clearly identified"
    rf"|\b(?:can\s?not|can't)\s+be{_ADVERBS}\s+(?:identified|determined|recogni[sz]ed|classified)\b"
    # "As an AI language model, …"
    r"|\bas\s+an?\s+(?:ai(?=,|\s+(?:language|model|assistant))|(?:large\s+)?language\s+model)"
    r"|\bi\s*(?:do\s+not|don't)\s+(?:see|view|have\s+access\s+to)\s+(?:any\s+|the\s+|an?\s+)?(?:image|picture|photo)s?\b"
    # "I don't know.", "I have no idea."
    r"|\bi\s*(?:do\s+not|don't)\s+know\b|\bi\s+have\s+no\s+idea\b"
    # "I'm not sure what this is."; "not sure" within a guess is caught by the clause that follows
    r"|\bi(?:\s+am|'m)\s+not\s+(?:entirely\s+|completely\s+)?(?:sure|certain)\b"
    # "Cannot determine", "Sorry, but can't tell."
    rf"|^\W*(?:sorry,?\s+)?(?:but\s+)?(?:can\s?not|can't|could\s?n[o']t|could\s+not){_ADVERBS}\s+{_DO}\b"
    # "I must decline.", "I'd rather not say."
    r"|\bi\s+(?:must\s+|have\s+to\s+)?(?:decline|refuse)\b|\bi(?:'d|\s+would)?\s+(?:rather|prefer)\s+not\b"
    r"|\b(?:insufficient|not\s+enough)\s+(?:information|details?|context|data)\b"
    # "I need more context", "Could you provide more details?", "How can I help you?"
    r"|\b(?:need|provide|share)\s+(?:me\s+with\s+)?(?:more|additional|further)\s+(?:information|details?|context)\b"
    r"|^\W*(?:how\s+(?:can|may)\s+i\s+(?:help|assist)|what\s+(?:would|do)\s+you\s+(?:like|want|need))\b"
    # "The response was blocked by our content policy", "contains inappropriate content"
    r"|\bcontent[\s_-]?(?:filter(?:ed|ing)?|(?:management\s+)?policy|policies|guidelines)\b"
    r"|\b(?:request|response|prompt|content|output|answer)\s+(?:was|is|has\s+been)\s+(?:flagged|blocked|rejected"
    r"|filtered|removed|deleted|withheld)\b|\b(?:inappropriate|unsafe|explicit)\s+content\b",
    re.IGNORECASE,
)

_IMAGE = r"(?:images?|pictures?|photos?|photographs?|attachments?|files?)"
# The model says that it was given no image, or asks for one.
_NO_IMAGE = re.compile(
    # "No image was attached."
    rf"^\W*(?:sorry,?\s+)?(?:there\s+(?:is|was)\s+|i\s+(?:see|have|received)\s+)?no\s+{_IMAGE}"
    r"\s*(?:$|[.,!]|(?:is|was|were|has|have|attached|provided|uploaded|included|visible|found|here"
    r"|available|given|present|received|shared|supplied|detected|to|in)\b)"
    rf"|\bno\s+{_IMAGE}\s+(?:(?:is|was|were|has\s+been|have\s+been)\s+)?(?:attached|provided|uploaded|included"
    r"|visible|found|available|given|received|shared|supplied|detected)\b"
    # "The image is blank."
    rf"|\b{_IMAGE}\s+(?:is|appears|seems)\s+(?:to\s+be\s+)?(?:completely\s+|entirely\s+)?(?:blank|empty|missing"
    r"|corrupt(?:ed)?|unavailable|not\s+available)\b"
    # "The image is completely black.", "It is a blank white image"
    rf"|^\W*(?:(?:the|this)\s+{_IMAGE}\s+is|(?:it|this)\s+is)\s+(?:an?\s+)?(?:all|just|completely|entirely|solid|plain|fully|blank)"
    rf"\s+(?:black|white|blank|dark)(?:\s+{_IMAGE})?\W*$"
    rf"|\bi\s+(?:would\s+)?need\s+(?:you\s+to\s+|to\s+see\s+)?(?:\w+\s+)?(?:an?|the)\s+{_IMAGE}\b"
    # "The image did not come through", "the picture failed to load"
    rf"|\b{_IMAGE}\s+(?:\w+\s+){{0,2}}(?:(?:did|does|was|is|has|could|can)\s?(?:not|n't)|cannot|failed)"
    r"\s+(?:to\s+|be\s+|been\s+)?(?:come|load|attach|provided|upload|display|show|visible|included|received"
    r"|render|open|process|view|access|transmit|appear|available|found)"
    # "You did not attach an image", "I haven't received a photo"
    rf"|\b(?:you|i)\s?(?:have\s?|did\s?)(?:not|n't)\s+(?:yet\s+)?(?:attach|provide|upload|include|share|receive"
    rf"|sen[dt])(?:ed|d)?\s+(?:an?\s+|any\s+|the\s+)?{_IMAGE}"
    # "Please upload the image", "could you share the photo again?"
    r"|\b(?:please|could\s+you|can\s+you|kindly|try)\b[^.\n]{0,40}\b(?:re-?)?(?:upload|attach|provide|share|send|supply)"
    rf"(?:ing)?\b[^.\n]{{0,60}}\b(?:{_IMAGE}|it|one)\b"
    rf"|^\W*(?:unclear|unidentifiable|unrecogni[sz]able|blank|missing|corrupt(?:ed)?|invalid|blurry|empty|broken)\s+{_IMAGE}\W*$"
    rf"|^\W*{_IMAGE}\s+(?:is\s+)?(?:not\s+(?:found|provided|available|visible|loaded|attached)|unavailable|missing)\W*$",
    re.IGNORECASE,
)

# The whole answer is one word for "no answer"; a class that is called so is matched before.
_THING = r"(?:object|animal|class|category|species|breed|item|label|thing|entity|image|subject)"
_NO_ANSWER = re.compile(
    rf"\W*(?:(?:unknown|unidentified|unrecogni[sz]ed|unspecified)\s+{_THING}|(?:the\s+)?(?:answer|label|class(?:[_\s]name)?|category)"
    r"|no\s+(?:response|output|result|label|prediction|text|content|guess|comment)|nan|blank|empty|error|failed|failure"
    r"|deleted|removed|redacted|blocked|censored|filtered|nothing\s+(?:is\s+)?(?:visible|recogni[sz]able|there|here)"
    r"|(?:sure[,!.]?\s+)?i(?:'d\s+be\s+happy\s+to|\s+can)\s+help(?:\s+(?:you\s+)?with\s+that)?|sure[,!.]?\s+here(?:'s|\s+is)"
    r"|no|nope|yes|ok(?:ay)?|sure|unknown|unsure|not\s+sure(?:\s+what\s+(?:this|it)\s+is)?|unclear|n[/.]?a|undetermined|indeterminate|inconclusive|unidentif(?:iable|ied)"
    r"|unrecogni[sz](?:able|ed)|no\s+(?:answer|idea|class|match|object)|none(?:\s+of\s+(?:the\s+above|these|them))?|nothing|null|nil|undefined|idk"
    r"|not\s+(?:applicable|available|found|known|specified|visible|identifiable)|(?:i'm\s+|i\s+am\s+)?sorry"
    r"|(?:(?:it|this|that)(?:'s|\s+is)\s+)?(?:too\s+)?(?:hard|difficult|impossible)\s+to\s+(?:say|tell|know|determine)"
    r"|(?:it|this|that)(?:'s|\s+is)\s+(?:not\s+clear|unclear|unknown|unidentifiable|unrecogni[sz]able)"
    r"|(?:not\s+a|no)\s+clue|content\s+(?:removed|blocked|filtered))\W*",
    re.IGNORECASE,
)

# What a program wrote in place of an answer: "openai.RateLimitError: Error code: 429 - …"
_ERROR = re.compile(
    r"\s*(?:traceback\s\(most\srecent|(?:\w+\.){0,5}\w{0,40}(?:error|exception)\s*(?::|\(|code\b|\d{3}\b)"
    r"|(?:api|http|server|internal\sserver|network|connection|request)\s(?:error|timeout)\b"
    r"|request\sfailed\b|(?:http\s)?(?:4[0-9]{2}|50[0-9])\s(?:bad|unauthorized|forbidden|not\sfound|too\smany|internal|service)\b)",
    re.IGNORECASE,
)

_SORRY = re.compile(r"\W*(?:i'm|i\s+am)\s+(?:very\s+|so\s+)?sorry\b", re.IGNORECASE)

# "None of the options provided …", "does not clearly represent any of the items listed"
_NONE_LISTED = re.compile(
    r"\bnone\s+of\s+(?:the|these|those|them|your|any)\b|^\W*none\W*$|\bneither\s+of\s+(?:the|these)\b"
    r"|(?:\bnot|n't)\b[^.\n]{0,60}\b(?:any|one)\s+of\s+(?:the\s+|these\s+|those\s+)?(?:\w+\s+)?"
    r"(?:options?|classes|choices|items|names|categories|labels|listed)\b"
    r"|\bnot\s+(?:in|on|among|part\s+of)\s+the\s+(?:given\s+|provided\s+)?(?:list|options)\b",
    re.IGNORECASE,
)

# What surrounds a refusal and is no answer: apologies, the state of the image, polite closings.
_STATE = (
    r"(?:distorted|corrupted|blurr?y|blurred|unclear|abstract|glitched|altered|(?:not|too)\s+\w+"
    r"|low[\s-](?:quality|resolution))"
)
_AROUND = re.compile(
    r"^\W*(?:i'm\s+|i\s+am\s+)?(?:very\s+|so\s+)?(?:sorry|unfortunately|apologies)\W*$"
    r"|^\W*i\s+apologi[sz]e\b|^\W*making\s+it\s+(?:difficult|hard)\s+to\b"
    r"|^\W*(?:(?:the|this)\s+(?:image|picture|photo|content)|it)(?:\s+provided)?"
    rf"\s+(?:is|appears|seems)(?:\s+to\s+be)?(?:\s+(?:too|very|heavily|highly|quite))*\s+{_STATE}"
    rf"(?:(?:,|\s+and|\s+or)+\s+{_STATE})*\W*(?:\b(?:for|to)\b.*)?$"
    r"|\b(?:if\s+you|please|feel\s+free|happy\s+to\s+help|let\s+me\s+know)\b",
    re.IGNORECASE,
)


def declines(text: str) -> bool:
    """Whether a plain text (or a part of one) contains a phrase that declines to answer."""
    return any(pattern.search(text) for pattern in _phrases(text))


def end_of_refusal(text: str) -> int | None:
    """Give the offset at which the first phrase that declines ends, None if there is none."""
    found = [match.end() for pattern in _phrases(text) if (match := pattern.search(text))]
    return min(found, default=None)


def is_error(text: str) -> bool:
    """Whether a text begins as the message of a program's error does ("RateLimitError: …")."""
    return _ERROR.match(text) is not None


def denies_list(text: str) -> bool:
    """Whether a plain text says that nothing of the list fits ("none of the options")."""
    return bool(_NONE_LISTED.search(text))


def only_declines(text: str) -> bool:
    """Whether a plain text declines and says nothing else that could be an answer.

    "I can't be sure, but it looks like a fish" offers an answer and is no refusal.
    """
    if _NO_ANSWER.fullmatch(text) or is_error(text):
        return True
    parts = [clause.text for clause in clauses(text) if clause.text.strip()]
    rest = [part for part in parts if not declines(part)]
    sorry = _SORRY.match(text) is not None
    return (sorry or len(rest) < len(parts)) and all(_AROUND.search(part) for part in rest)


def _phrases(text: str) -> Iterator[re.Pattern[str]]:
    """Yield the patterns that may be in a text: of ASCII, those of which it has a word. To look for
    a word takes a hundredth of what a pattern takes.
    """
    if not text.isascii():
        yield from (pattern for pattern, _ in _PHRASES)
        return
    lower = text.lower()
    for pattern, words in _PHRASES:
        if any(word in lower for word in words):
            yield pattern


_PHRASES = (
    (_DECLINES, (
        "can", "could", "won't", "not", "able", "possible", "me", "as", "n't", "idea",
        "decline", "refuse", "rather", "prefer", "insufficient", "more", "additional", "further",
        "how", "what", "content", "flagged", "blocked", "rejected", "filtered", "removed",
        "deleted", "withheld",
    )),
    (_NO_IMAGE, (
        "no", "n't", "need", "failed", "blank", "empty", "missing", "corrupt", "unavailable",
        "upload", "attach", "provid", "share", "sharing", "send", "supply", "unclear",
        "unidentif", "unrecogni", "invalid", "blurry", "broken", "black", "white", "dark",
    )),
    (DECLINES, (
        "kein", "nessuna", "aucune", "ninguna", "hay", "nenhuma", "geen", "tidak", "puedo",
        "podemos", "posible", "capaz", "tengo", "siento", "disculpa", "desol", "peux", "suis",
        "vois", "sais", "impossible", "leid", "kann", "dispiace", "posso", "riesco", "sono",
        "desculpe", "muito", "lamento", "spijt", "niet", "przykro", "maaf", "nemohu",
        "sei", "non", "weet", "wiem", "bilmiyorum", "descon", "inconnu", "unbekannt",
        "sconosciut", "onbekend", "nieznan",
    )),
)  # fmt: skip
"""Patterns, each with words of which one stands in any ASCII text that it is found in."""
