// The page's start (who answers, with which images), and its keys and buttons.
"use strict";

(function () {
  const { token } = REVIEW_STORE;
  const { say, step, undo, save, download, toggleLabel, toggleStatus, toggleFlag, isOpen } = REVIEW_SESSION;
  const at = (id) => document.getElementById(id);
  const FLAG_KEYS = { w: "crowd", r: "reflection", d: "rendition", t: "text", x: "truncated" };
  let queue = null;
  /** Name and answers, as the server has them; null without one. */
  let own = null;

  // The start: files, the name, the folder

  async function start() {
    at("notice").hidden = true;
    queue = await REVIEW_STORE.load("queue.js", "REVIEW_QUEUE");
    REVIEW_PANEL.setUp(await REVIEW_STORE.load("classes.js", "REVIEW_CLASSES"), REVIEW_SESSION.addClass);
    if (token) own = await (await REVIEW_STORE.ask("api/answers")).json();
    const asked = own ? own.annotator : new URLSearchParams(location.search).get("annotator");
    at("names").hidden = Boolean(token);
    for (const name of queue.annotators) {
      const label = REVIEW_PANEL.make("label"), radio = REVIEW_PANEL.make("input");
      Object.assign(radio, { type: "radio", name: "annotator", value: name, checked: name === asked });
      label.append(radio, " ", REVIEW_PANEL.make("span", "", name));
      at("names").querySelector("div").append(label);
    }
    if (queue.annotators.length === 1) at("names").querySelector("input").checked = true;
    at("folder_part").hidden = queue.has_images;
    at("import_part").hidden = Boolean(token);
    if (asked && !queue.annotators.includes(asked)) say("Nobody in this review is called " + asked.slice(0, 40) + ".");
    else if (asked && queue.has_images) return begin();
    at("start").hidden = false;
  }

  async function begin() {
    const chosen = at("names").querySelector("input:checked");
    if (!chosen) return say("Choose your name first.");
    const folder = at("folder").files, file = at("import").files[0];
    if (!queue.has_images && !folder.length) return say("Choose the folder with the images first.");
    say("");
    const annotator = chosen.value;
    const { items, annotator: whose } = await REVIEW_STORE.load("annotators/" + annotator + ".js", "REVIEW_ITEMS");
    if (whose !== annotator) throw new Error("annotators/" + annotator + ".js is of " + whose + ". Ask for the folder again.");
    const answers = new REVIEW_STORE.Answers(queue, annotator, REVIEW_SESSION.changed);
    if (own) answers.takeServer(own.rows);
    const known = new Set(items.map((item) => item.image_id));
    const taken = file ? REVIEW_STORE.readDownload(await file.text(), queue, annotator, known) : null;
    if (taken) {
      const fresh = answers.addAll(taken.rows);
      say(fresh + " answers taken from the file" + (taken.torn ? "; its last line is torn and was left out." : "."));
    }
    if (!queue.has_images) {
      const there = REVIEW_IMAGE.takeFolder(folder, items);
      if (there < items.length) say(there + " of " + items.length + " images are in the chosen folder. The others can be answered later, with the right folder.");
    }
    const shown = queue.mode === "shown" ? await REVIEW_STORE.load("annotators/" + annotator + ".shown.js", "REVIEW_SHOWN") : null;
    document.title = annotator + ": review of " + queue.task;
    at("start").hidden = true;
    document.querySelector(".tools").hidden = false;
    at("done").hidden = false;
    REVIEW_SESSION.begin({ queue, annotator, items, answers }, shown);
  }

  // Keys and buttons

  /** The name of a key on any keyboard: digits also where they need Shift, letters of other alphabets
      by their place. */
  function nameOf(event) {
    const digit = !event.shiftKey && /^(?:Digit|Numpad)(\d)$/.exec(event.code);
    if (digit) return digit[1];
    if (/^[ -~]$/.test(event.key)) return event.key.toLowerCase();
    const letter = /^Key([A-Z])$/.exec(event.code);
    return (letter && event.key.length === 1 ? letter[1] : event.key).toLowerCase();
  }

  const ACTIONS = {
    n: () => toggleStatus("none"), u: () => toggleStatus("unsure"), z: undo, "?": () => at("keys").showModal(),
    "/": REVIEW_PANEL.focus, c: () => at("comment").focus(), arrowleft: () => step(-1), arrowright: () => step(1),
  };

  function act(event) {
    const name = nameOf(event);
    if (REVIEW_IMAGE.key(name, event.shiftKey)) return true;
    const ids = REVIEW_SESSION.idsOf();
    const chosen = ids.findIndex((_, index) => REVIEW_PANEL.keyOf(index) === name);
    if (name === "enter") {
      if (event.repeat || event.target.closest("button, a")) return false;
      save();
    } else if (ACTIONS[name] && (!event.shiftKey || "/?".includes(name))) ACTIONS[name]();
    else if (FLAG_KEYS[name]) toggleFlag(FLAG_KEYS[name]);
    else if (chosen >= 0 && name) toggleLabel(ids[chosen]);
    else return false;
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const isText = event.target.closest("textarea, input[type=text]");
    const isCommand = event.ctrlKey || event.metaKey;
    if (event.defaultPrevented || event.isComposing || event.altKey || !REVIEW_SESSION.hasBegun() || at("keys").open) return;
    let isDone = false;
    if (isText) {
      if (event.key === "Escape") isText.blur();
      if (event.key === "Enter" && isCommand && isOpen()) { save(); isDone = true; }
    } else if (isCommand) {
      if (event.key.toLowerCase() === "z") { undo(); isDone = true; }
    } else if (!isOpen()) {
      if (event.key === "z") { undo(); isDone = true; }
    } else isDone = act(event);
    if (isDone) event.preventDefault();
  });

  const buttons = {
    back: () => step(-1), forward: () => step(1), undo, download, download_all: download, look_again: REVIEW_SESSION.openFirst, save,
    begin: () => begin().catch(failed), show_keys: () => at("keys").showModal(), close_keys: () => at("keys").close(),
  };
  for (const [id, pressed] of Object.entries(buttons)) at(id).addEventListener("click", pressed);
  document.addEventListener("click", (event) => { // Enter then saves, and does not press the button again
    if (event.detail > 0 && isOpen() && event.target.closest("button") && !at("keys").open) at("question").focus({ preventScroll: true });
  });
  at("candidates").addEventListener("change", (event) => toggleLabel(Number(event.target.dataset.class)));
  for (const id of ["none", "unsure"]) at(id).addEventListener("change", () => toggleStatus(id));
  for (const box of document.querySelectorAll("[data-flag]")) box.addEventListener("change", () => toggleFlag(box.dataset.flag));
  at("comment").addEventListener("input", () => REVIEW_SESSION.setComment(at("comment").value));

  function failed(error) {
    const isBarred = error.status === 403 || location.protocol.startsWith("http") && !token;
    say(isBarred ? "This address is not valid. Open the link that you were given; it ends in #token=…" : error.message);
    at("start").hidden = !queue || isBarred;
  }

  start().catch(failed);
})();
