"""What the fields of a spec, or of a dataclass, are for, as its source says it."""

import ast
import inspect
from itertools import pairwise


def field_docs(kind: type) -> dict[str, str]:
    """Give the text below each field of a class in its source, to be shown: `None` is null."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    texts = {
        ast.unparse(field.target): ast.literal_eval(text.value)
        for field, text in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }
    return {
        name: " ".join(text.split()).removesuffix(".").replace("None", "null")
        for name, text in texts.items()
    }
