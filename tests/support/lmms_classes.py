"""Model classes as lmms-eval has them, each with one habit that an adapter must bear."""

import os
import signal
import sys
import time
from typing import Any

import PIL.ImageFile
import torch
from lmms_eval.api.instance import GenerationResult, Instance, TokenCounts
from lmms_eval.api.model import lmms
from loguru import logger
from tqdm import tqdm
from transformers import PreTrainedConfig

VARIABLE = "LMMS_CLASSES_WAS_HERE"
SENTINEL = "[LMMS_EVAL_REQUEST_FAILED after 3 retries] 503"


class Simple(lmms):
    """Answers with what it was given: text, generation settings, size of each image."""

    def __init__(self, greeting: str = "", device: str = "nowhere", batch_size: int = 1) -> None:
        super().__init__()
        self.greeting, self.device, self.batch_size = greeting, device, batch_size
        self.calls: list[int] = []

    def loglikelihood(self, requests: list[Instance]) -> Any:
        raise NotImplementedError

    def generate_until_multi_round(self, requests: list[Instance]) -> Any:
        raise NotImplementedError

    def generate_until(self, requests: list[Instance]) -> list[Any]:
        self.calls.append(len(requests))
        return [self.answer(each.args, len(requests)) for each in requests]

    def answer(self, args: tuple[Any, ...], together: int) -> Any:
        text, settings, doc_to_visual, doc_id, task, split = args
        if text == "yourself":
            return f"{self.device} {self.calls} {len(self.task_dict)}"
        sizes = [image.size for image in doc_to_visual(self.task_dict[task][split][doc_id])]
        settings["image_sizes"] = sizes  # as LLaVA's classes do, in the caller's own mapping
        return f"{self.greeting}{text}|{sorted(settings.items())}"


class Chat(Simple):
    """Answers with the messages that it was given."""

    is_simple = False

    def answer(self, args: tuple[Any, ...], together: int) -> Any:
        _, doc_to_messages, _settings, doc_id, task, split = args
        (message,) = doc_to_messages(self.task_dict[task][split][doc_id])
        shown = [
            part["text"] if part["type"] == "text" else part["url"].size
            for part in message["content"]
        ]
        counts = TokenCounts(input_tokens=11, output_tokens=3)
        return GenerationResult(text=f"{message['role']}: {shown}", token_counts=counts)


class Habit(Simple):
    """Does what the text of a request says."""

    def answer(self, args: tuple[Any, ...], together: int) -> Any:
        text = args[0]
        if text == "yourself":
            return super().answer(args, together)
        if "swallow memory" in text:
            return self._swallow(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
        if "swallow" in text:
            return self._swallow(RuntimeError("no such kernel"))
        if "shy" in text:
            return "bold" if together == 1 else ""
        if "exit" in text:
            sys.exit("no more")
        if "memory" in text:
            raise torch.OutOfMemoryError("CUDA out of memory.\nmore")
        answers = {"None": None, "blank": "  ", "sentinel": SENTINEL, "rounds": ["a", "b"]}
        return answers.get(text, text)

    @staticmethod
    def _swallow(error: Exception) -> str:
        logger.error(f"Error {error} in generating")
        return ""


class Rough(Habit):
    """Does to its process what the text of a request says."""

    def answer(self, args: tuple[Any, ...], together: int) -> Any:
        match args[0]:
            case "be killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "leave":
                os._exit(3)
            case "sleep":
                time.sleep(60)
            case "own error":
                raise OwnError("of", "two")
        return str(sorted(key for key in os.environ if "RANK" in key or "WORLD_SIZE" in key))


class OwnError(Exception):
    """An exception that cannot be made of its text, of a class that only this module knows."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


class Weighty(Simple):
    """Has weights, and the config of a checkpoint that came from the hub."""

    def __init__(self, pretrained: str) -> None:
        super().__init__()
        self._model = torch.nn.Linear(3, 2)
        self._model.config = PreTrainedConfig()
        self._model.config._commit_hash = f"commit of {pretrained}"


class Short(Habit):
    """Gives one answer too few."""

    def generate_until(self, requests: list[Instance]) -> list[Any]:
        return super().generate_until(requests)[:-1]


class Untidy(Simple):
    """Changes what is not its own, and needs it changed."""

    def __init__(self) -> None:
        super().__init__()
        os.environ[VARIABLE] = "1"
        sys.path.append("/nowhere/of/lmms")
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = True
        torch.set_default_dtype(torch.float64)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        logger.remove()
        logger.add(sys.stdout)
        print("making myself at home")

    def answer(self, args: tuple[Any, ...], together: int) -> Any:
        print("a line on stdout")
        logger.warning("a warning")
        for _ in tqdm(range(3), disable=False):
            pass
        found = (
            os.environ.get(VARIABLE),
            "/nowhere/of/lmms" in sys.path,
            PIL.ImageFile.LOAD_TRUNCATED_IMAGES,
            torch.get_default_dtype(),
            signal.getsignal(signal.SIGUSR1),
        )
        return str(found)
