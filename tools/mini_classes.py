"""The things that exist in the miniature world: 64 classes, 12 things outside the class list.

Each thing belongs to a family of look-alikes. Families say which classes are easily taken for one
another, and so which wrong labels an annotator writes.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to draw: its display name, its emoji glyphs, its family and other names."""

    name: str
    glyphs: tuple[str, ...]
    family: str
    aliases: tuple[str, ...] = ()


CLASSES: Final = (
    Thing("dog", ("🐶", "🐕"), "canine", ("puppy", "hound")),
    Thing("wolf", ("🐺",), "canine", ("timber wolf",)),
    Thing("fox", ("🦊",), "canine", ("red fox",)),
    Thing("cat", ("🐱", "🐈"), "feline", ("kitten", "house cat")),
    Thing("lion", ("🦁",), "feline", ("big cat",)),
    Thing("tiger", ("🐯", "🐅"), "feline", ("bengal tiger",)),
    Thing("leopard", ("🐆",), "feline", ("panther",)),
    Thing("horse", ("🐴", "🐎"), "equine", ("pony", "stallion")),
    Thing("zebra", ("🦓",), "equine", ("striped horse",)),
    Thing("unicorn", ("🦄",), "equine", ("horned horse",)),
    Thing("ox", ("🐂",), "bovine", ("bull", "steer")),
    Thing("buffalo", ("🐃",), "bovine", ("water buffalo",)),
    Thing("cow", ("🐮", "🐄"), "bovine", ("cattle",)),
    Thing("camel", ("🐫",), "camelid", ("bactrian camel",)),
    Thing("dromedary", ("🐪",), "camelid", ("arabian camel",)),
    Thing("llama", ("🦙",), "camelid", ("alpaca",)),
    Thing("sheep", ("🐑",), "caprine", ("ewe", "lamb")),
    Thing("ram", ("🐏",), "caprine", ("bighorn",)),
    Thing("goat", ("🐐",), "caprine", ("billy goat",)),
    Thing("pig", ("🐷", "🐖"), "swine", ("hog", "piglet")),
    Thing("boar", ("🐗",), "swine", ("wild pig",)),
    Thing("elephant", ("🐘",), "pachyderm", ("tusker",)),
    Thing("rhino", ("🦏",), "pachyderm", ("rhinoceros",)),
    Thing("hippo", ("🦛",), "pachyderm", ("hippopotamus",)),
    Thing("mouse", ("🐭", "🐁"), "rodent", ("field mouse",)),
    Thing("rat", ("🐀",), "rodent", ("brown rat",)),
    Thing("hamster", ("🐹",), "rodent", ("golden hamster",)),
    Thing("rabbit", ("🐰", "🐇"), "small mammal", ("bunny", "hare")),
    Thing("squirrel", ("🐿",), "small mammal", ("chipmunk",)),
    Thing("bear", ("🐻",), "bear", ("brown bear", "grizzly")),
    Thing("polar bear", ("🐻‍❄️",), "bear", ("white bear",)),
    Thing("koala", ("🐨",), "bear", ("koala bear",)),
    Thing("panda", ("🐼",), "bear", ("giant panda",)),
    Thing("chicken", ("🐔",), "poultry", ("hen",)),
    Thing("rooster", ("🐓",), "poultry", ("cock",)),
    Thing("turkey", ("🦃",), "poultry", ("gobbler",)),
    Thing("duck", ("🦆",), "water bird", ("mallard",)),
    Thing("swan", ("🦢",), "water bird", ("mute swan",)),
    Thing("eagle", ("🦅",), "bird of prey", ("bald eagle",)),
    Thing("owl", ("🦉",), "bird of prey", ("horned owl",)),
    Thing("whale", ("🐳", "🐋"), "marine", ("blue whale",)),
    Thing("dolphin", ("🐬",), "marine", ("porpoise",)),
    Thing("shark", ("🦈",), "marine", ("great white",)),
    Thing("octopus", ("🐙",), "cephalopod", ("devilfish",)),
    Thing("squid", ("🦑",), "cephalopod", ("calamari",)),
    Thing("crab", ("🦀",), "crustacean", ("king crab",)),
    Thing("lobster", ("🦞",), "crustacean", ("crayfish",)),
    Thing("apple", ("🍎",), "fruit", ("red apple",)),
    Thing("tomato", ("🍅",), "fruit", ("beefsteak tomato",)),
    Thing("car", ("🚗", "🚙"), "car", ("automobile", "motorcar")),
    Thing("taxi", ("🚕",), "car", ("cab",)),
    Thing("truck", ("🚚", "🚛"), "lorry", ("lorry",)),
    Thing("fire truck", ("🚒",), "lorry", ("fire engine",)),
    Thing("bus", ("🚌",), "lorry", ("coach",)),
    Thing("bicycle", ("🚲",), "two-wheeler", ("bike",)),
    Thing("motorcycle", ("🏍",), "two-wheeler", ("motorbike",)),
    Thing("guitar", ("🎸",), "string", ("electric guitar",)),
    Thing("violin", ("🎻",), "string", ("fiddle",)),
    Thing("watch", ("⌚",), "clock", ("wristwatch",)),
    Thing("alarm clock", ("⏰",), "clock", ("clock",)),
    Thing("sofa", ("🛋",), "furniture", ("settee",)),
    Thing("couch", ("🛋",), "furniture", ("divan",)),
    Thing("bed", ("🛏",), "furniture", ("bunk",)),
    Thing("chair", ("🪑",), "furniture", ("seat",)),
)

OUTSIDE: Final = (
    Thing("raccoon", ("🦝",), "outside"),
    Thing("penguin", ("🐧",), "outside"),
    Thing("butterfly", ("🦋",), "outside"),
    Thing("cactus", ("🌵",), "outside"),
    Thing("mushroom", ("🍄",), "outside"),
    Thing("pumpkin", ("🎃",), "outside"),
    Thing("banana", ("🍌",), "outside"),
    Thing("umbrella", ("☂",), "outside"),
    Thing("sailboat", ("⛵",), "outside"),
    Thing("hammer", ("🔨",), "outside"),
    Thing("balloon", ("🎈",), "outside"),
    Thing("frog", ("🐸",), "outside"),
)

# Index k < len(CLASSES) is the class id; what comes after it is outside the class list.
THINGS: Final = CLASSES + OUTSIDE

# Two class names for one thing, as ImageNet's sunglass and sunglasses: no picture tells them apart.
EQUIVALENT: Final[dict[str, tuple[str, ...]]] = {"sofa": ("sofa", "couch")}


def class_id(name: str) -> int:
    """Return the id of the class called `name`; ValueError if there is none."""
    return [thing.name for thing in CLASSES].index(name)


def same_as(index: int) -> tuple[int, ...]:
    """Return the indices of all things that are the same thing as `index`, itself included."""
    for names in EQUIVALENT.values():
        if THINGS[index].name in names:
            return tuple(class_id(name) for name in names)
    return (index,)


def lookalikes(index: int) -> tuple[int, ...]:
    """Return the class ids that are easily taken for class `index`, without its equivalents."""
    family = THINGS[index].family
    same = same_as(index)
    return tuple(k for k, thing in enumerate(CLASSES) if thing.family == family and k not in same)
