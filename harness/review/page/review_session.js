// One image after the other: what is chosen, saved, undone, and what the page says of it.
"use strict";

const REVIEW_SESSION = (function () {
  const { token, timeOf } = REVIEW_STORE;
  const { make, answerText } = REVIEW_PANEL;
  const at = (id) => document.getElementById(id);
  const EMPTY = { labels: [], status: "", flags: [], comment: "", added: [] };
  const flagBoxes = [...document.querySelectorAll("[data-flag]")];
  let queue = null, annotator = "", items = [], answers = null;
  /** The open image, the pass that is asked about it, what is chosen, and what was before. */
  let place = 0, pass = "", draft = EMPTY, past = [], drawn = "", isReady = false;
  const drafts = new Map();
  /** Where candidates come from, by image id. */
  const sources = new Map();
  let isSaving = false, downloaded = 0;
  const clock = { sum: 0, since: null };

  const first = () => (queue.mode === "blind_then_shown" ? "blind" : queue.mode);
  const last = () => (queue.mode === "blind_then_shown" ? "shown" : queue.mode);
  const passOf = (item) => (answers.latest(item.image_id, first()) ? last() : first());
  const isDone = (item) => answers.latest(item.image_id, last()) !== undefined;

  function say(sentence) {
    at("notice").textContent = sentence;
    at("notice").hidden = !sentence;
  }

  /** Begin, or go on, with the first image that has no answer; `shown` says where candidates come from. */
  function begin(given, shown) {
    ({ queue, annotator, items, answers } = given);
    if (shown) items.forEach((item) => sources.set(item.image_id, shown[item.image_id] || {}));
    setInterval(drawProgress, 1000);
    onward(-1);
  }

  // Time: from the image's appearance, without what the page was hidden

  function seconds() {
    return (clock.sum + (clock.since === null ? 0 : performance.now() - clock.since)) / 1000;
  }

  function runClock(isRunning) {
    clock.sum = 1000 * seconds();
    clock.since = isRunning ? performance.now() : null;
  }

  document.addEventListener("visibilitychange", () => { if (isReady) runClock(!document.hidden); });

  // One image

  function savedDraft(item) {
    const row = answers.latest(item.image_id, pass) || answers.latest(item.image_id, first());
    if (!row) return EMPTY;
    const status = row.status === "labelled" ? "" : row.status;
    const added = row.labels.filter((id) => !item.order.includes(id));
    return { labels: row.labels, status, flags: row.flags, comment: row.comment, added };
  }

  const draftKey = () => pass + ":" + items[place].image_id;

  function open(next) {
    if (pass && past.length) drafts.set(draftKey(), draft);
    place = next;
    const item = items[place];
    pass = passOf(item);
    draft = drafts.get(draftKey()) || savedDraft(item);
    [past, drawn, isReady] = [[], "", false];
    [clock.sum, clock.since] = [0, null];
    at("work").hidden = false;
    at("finished").hidden = true;
    REVIEW_PANEL.clear();
    draw();
    window.scrollTo(0, 0);
    at("question").focus({ preventScroll: true });
    if (pass === "shown") findSources(item);
    const key = draftKey();
    REVIEW_IMAGE.show(item).then(() => {
      if (key !== draftKey()) return;
      isReady = true;
      runClock(!document.hidden);
      if (items[place + 1]) REVIEW_IMAGE.prepare(items[place + 1]);
    });
  }

  /** Find where an item's candidates come from; on a server, once it has the first answer on disk. */
  async function findSources(item) {
    const id = item.image_id;
    if (sources.has(id) || !answers.isOnDisk(answers.latest(id, first()))) return;
    try {
      if (token) sources.set(id, await (await REVIEW_STORE.ask("api/shown?image=" + encodeURIComponent(id))).json());
      else sources.set(id, (await REVIEW_STORE.load("annotators/" + annotator + ".shown.js", "REVIEW_SHOWN"))[id] || {});
    } catch (error) {
      say(error.message);
      if (error.status === 0) setTimeout(() => findSources(item), 2000);
      return;
    }
    if (items[place] === item) draw();
  }

  function draw() {
    const item = items[place], isSecond = pass !== first();
    const own = pass === "shown" ? sources.get(item.image_id) : null;
    const now = [draftKey(), draft.added, Boolean(own)].join();
    if (now !== drawn) {
      REVIEW_PANEL.drawCandidates(idsOf(), item.order, own);
      REVIEW_PANEL.drawVotes(item.votes);
    }
    drawn = now;
    for (const box of at("candidates").querySelectorAll("input")) box.checked = draft.labels.includes(Number(box.dataset.class));
    at("none").checked = draft.status === "none";
    at("unsure").checked = draft.status === "unsure";
    flagBoxes.forEach((box) => { box.checked = draft.flags.includes(box.dataset.flag); });
    at("comment").value = draft.comment;
    at("comment").required = queue.mode === "adjudicate";
    at("comment_label").textContent = queue.mode === "adjudicate" ? "Reason (required)" : "Comment";
    at("question").textContent = isSecond ? "And now that you see the sources?" : queue.mode === "adjudicate" ? "Which answer is right?" : "What is in the image?";
    at("hint").textContent = hint(item, isSecond, own);
    at("hint").hidden = !at("hint").textContent;
    drawProgress();
    drawSaved();
  }

  function hint(item, isSecond, own) {
    if (queue.mode !== "blind_then_shown") return "";
    if (!isSecond) return "Once saved, this answer stays as it is; then you see where the candidates come from.";
    const locked = "Your first answer is kept: " + answerText(answers.latest(item.image_id, first())) + ". ";
    return locked + (own ? "Leave it so, or change it." : "The sources come as soon as it is stored.");
  }

  function drawProgress() {
    const done = items.filter(isDone).length;
    const all = answers.sorted.reduce((sum, row) => sum + (row.seconds || 0), 0) + (at("finished").hidden ? seconds() : 0);
    const time = Math.floor(all / 60) + ":" + String(Math.floor(all % 60)).padStart(2, "0");
    const here = at("finished").hidden ? " · image " + (place + 1) : "";
    at("progress").textContent = done + " of " + items.length + " answered" + here + " · " + time + " min";
    Object.assign(at("done"), { value: done, max: items.length });
  }

  function savedText() {
    const unsent = token ? answers.unsent().length : 0;
    const refused = [...answers.refused.values()].pop();
    if (refused) return "Not taken: " + refused;
    if (answers.homeless.size) return "This browser keeps nothing (" + answers.trouble + "). Download your answers before you close the page.";
    if (unsent && answers.failure) return "Not saved yet: " + unsent + " kept in this browser, sent again soon. " + answers.failure;
    if (unsent) return "Saving " + unsent + " …";
    if (!answers.sorted.length) return "";
    return token ? "Saved" : "Saved in this browser";
  }

  function drawSaved() {
    const text = savedText();
    if (at("saved").textContent !== text) at("saved").textContent = text;
    at("saved").classList.toggle("bad", answers.homeless.size > 0 || Boolean(answers.failure) || answers.refused.size > 0);
  }

  /** News of the answers: saved by the server, or given in another window. */
  function changed() {
    if (!answers || isSaving || !pass) return;
    drawProgress();
    drawSaved();
    if (!at("finished").hidden) return;
    if (passOf(items[place]) !== pass) return open(place);
    if (pass === "shown" && !sources.has(items[place].image_id)) findSources(items[place]);
    if (!past.length && !drafts.has(draftKey()) && document.activeElement !== at("comment")) {
      draft = { ...savedDraft(items[place]), comment: draft.comment || savedDraft(items[place]).comment };
      draw();
    }
  }

  function change(part) {
    past.push(draft);
    draft = { ...draft, ...part };
    say("");
    draw();
  }

  const toggled = (all, one) => (all.includes(one) ? all.filter((each) => each !== one) : [...all, one]);
  const toggleLabel = (id) => change({ labels: toggled(draft.labels, id), status: "" });
  const toggleStatus = (status) => change({ labels: [], status: draft.status === status ? "" : status });
  const toggleFlag = (flag) => change({ flags: toggled(draft.flags, flag) });

  function addClass(id) {
    const isNew = !items[place].order.includes(id) && !draft.added.includes(id);
    const labels = draft.labels.includes(id) ? draft.labels : [...draft.labels, id];
    change({ labels, status: "", added: isNew ? [...draft.added, id] : draft.added });
    at("question").focus({ preventScroll: true });
  }

  // Saving, undoing, moving

  /** Text without half a character, as the end of a pasted comment that was too long may be. */
  const whole = (text) => text.replace(/[\ud800-\udfff]/gu, "\ufffd");

  function save() {
    const item = items[place];
    const status = draft.labels.length ? "labelled" : draft.status;
    answers.refresh();
    if (passOf(item) !== pass) return say("This image was answered in another window; that answer stays.");
    if (!isReady || (pass === "shown" && !sources.has(item.image_id))) return say("Not everything is on the screen yet.");
    if (!status) return say("Choose a class, “none of these” or “not sure” first.");
    if (queue.mode === "adjudicate" && !draft.comment.trim()) {
      at("comment").focus();
      return say("Give the reason for your answer.");
    }
    say("");
    const numbers = (ids) => [...ids].sort((one, other) => one - other);
    const flags = flagBoxes.map((box) => box.dataset.flag).filter((flag) => draft.flags.includes(flag));
    isSaving = true;
    answers.add({
      queue_sha256: queue.queue_sha256, image_id: item.image_id, image_sha256: item.image_sha256, annotator, pass,
      labels: numbers(draft.labels), status, candidates: numbers(item.order), order: item.order, flags,
      comment: whole(draft.comment.trim()), seconds: Math.round(100 * seconds()) / 100, at: answers.now(), tool_version: queue.tool_version,
    });
    isSaving = false;
    drafts.delete(draftKey());
    past = [];
    if (pass === last()) onward(place);
    else open(place);
  }

  /** Open the next image without an answer, or say that there is none. */
  function onward(from) {
    const order = items.map((_, index) => (from + 1 + index) % items.length);
    const next = order.find((index) => !isDone(items[index]));
    if (next !== undefined) return open(next);
    [isReady, clock.sum, clock.since] = [false, 0, null];
    pass = pass || last();
    at("work").hidden = true;
    at("finished").hidden = false;
    at("finished_note").textContent = token ? "Everything is stored as soon as “Saved” stands above; then you can close this page."
      : "Download your answers and hand in the file " + annotator + ".jsonl. You can still look at the images and change answers.";
    at("finished_title").focus();
    drawProgress();
    drawSaved();
  }

  function step(by) {
    const next = place + by;
    if (!at("finished").hidden) return open(place);
    if (next < 0 || next >= items.length) return say(by < 0 ? "This is the first image." : "This is the last image.");
    say("");
    open(next);
  }

  /** Take the last change back; without one, open the image that was answered before this. */
  function undo() {
    if (past.length && at("finished").hidden) {
      draft = { ...past.pop(), comment: draft.comment };
      return draw();
    }
    const own = at("finished").hidden ? answers.latest(items[place].image_id, last()) : undefined;
    const before = [...answers.sorted].reverse().find((row) => answers.latest(row.image_id, last()) === row && (!own || timeOf(row) < timeOf(own)));
    if (!before) return say("There is nothing to undo.");
    open(items.findIndex((item) => item.image_id === before.image_id));
    say("The answer given before, to change it.");
  }

  function download() {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([answers.text()], { type: "application/jsonl" }));
    link.download = annotator + ".jsonl";
    link.click();
    downloaded = answers.sorted.length;
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  window.addEventListener("beforeunload", (event) => {
    if (!answers) return;
    const isAtRisk = token ? answers.unsent().length > 0 : answers.homeless.size > 0 && downloaded < answers.sorted.length;
    if (isAtRisk) event.preventDefault();
  });

  const isOpen = () => pass !== "" && at("finished").hidden;
  const idsOf = () => [...items[place].order, ...draft.added];
  const setComment = (comment) => {
    draft = { ...draft, comment };
    drafts.set(draftKey(), draft);
  };

  return {
    say, begin, changed, isOpen, idsOf, toggleLabel, toggleStatus, toggleFlag, addClass, setComment,
    save, step, undo, download, openFirst: () => open(0), hasBegun: () => pass !== "",
  };
})();
