// The panel beside the image: candidates, other people's answers, and the search over all classes.
"use strict";

const REVIEW_PANEL = (function () {
  const MOST = 12;
  const at = (id) => document.getElementById(id);
  const field = at("search"), list = at("found");
  let classes = [];
  const byId = new Map();
  let found = [];
  let active = 0;
  let add = () => {};

  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[\s_-]+/g, " ").trim();

  /** Take the classes, and what is to be done with the one that is chosen. */
  function setUp(all, chosen) {
    classes = all.map((each) => ({
      ...each, words: [each.name, ...each.aliases].map(plain), meaning: plain(each.gloss || ""),
    }));
    classes.forEach((each) => byId.set(each.id, each));
    add = chosen;
  }

  const known = (id) => byId.get(id) || { id, name: "class " + id, aliases: [], gloss: null, examples: [] };

  /** An element with text in it; text is never markup. */
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /** The parts that say what a class is: name, other names and meaning, example images. */
  function drawClass(id) {
    const each = known(id);
    const parts = [make("span", "name", each.name)];
    if (each.aliases.length) parts.push(make("span", "aliases", each.aliases.join(", ")));
    if (each.gloss) parts.push(make("span", "gloss", each.gloss));
    if (each.examples.length) {
      const row = make("span", "examples");
      each.examples.forEach((path) => {
        const image = make("img");
        image.alt = "";
        image.hidden = true;
        image.onload = () => { image.hidden = false; };
        REVIEW_STORE.imageAddress(path).then((url) => { image.src = url; }, () => {});
        row.append(image);
      });
      parts.push(row);
    }
    return parts;
  }

  /** Letters that stand for nothing else on the page: the keys of candidates after the ninth. */
  const LETTERS = "abefghijklmopqsvy";
  const keyOf = (place) => (place < 9 ? String(place + 1) : LETTERS[place - 9] || "");

  /** Draw the candidates; `sources` says of each class where it comes from, or is null. */
  function drawCandidates(ids, offered, sources) {
    at("candidates").replaceChildren(...ids.map((id, place) => {
      const item = make("li"), label = make("label"), box = make("input"), text = make("span", "class");
      box.type = "checkbox";
      box.dataset.class = id;
      text.append(...drawClass(id));
      label.append(box, " ", keyOf(place) ? make("kbd", "", keyOf(place)) : "", " ", text);
      item.append(label);
      if (!offered.includes(id)) text.append(make("span", "gloss", "added by you"));
      if (sources) text.append(drawSources(sources[id] || []));
      return item;
    }));
  }

  function drawSources(sources) {
    const row = make("span", "sources");
    sources.forEach(({ source, confidence }) => {
      const sure = confidence === null ? "" : " " + (100 * confidence).toFixed(0) + " %";
      row.append(make("span", "source", source + sure), " ");
    });
    return row;
  }

  const STATUS_TEXT = { none: "none of all classes", unsure: "not sure" };
  const answerText = ({ labels, status }) => STATUS_TEXT[status] || labels.map((id) => known(id).name).join(", ");

  /** Draw what others answered, without their names. */
  function drawVotes(votes) {
    at("votes").hidden = votes.length === 0;
    at("votes").replaceChildren(...votes.map((vote, place) => {
      const item = make("li");
      const who = place < 26 ? String.fromCharCode(65 + place) : String(place + 1);
      item.append(make("strong", "", "Answer " + who), ": ", make("span", "name", answerText(vote)));
      if (vote.comment) item.append(make("q", "", vote.comment));
      return item;
    }));
  }

  /** How well a class fits; less is better, 9 not at all. */
  function rank(each, words) {
    const best = Math.min(...each.words.map((word, place) => {
      const later = place > 0 ? 0.5 : 0;
      if (word === words) return later;
      if (word.startsWith(words)) return 1 + later;
      if ((" " + word).includes(" " + words)) return 2 + later;
      return word.includes(words) ? 3 + later : 9;
    }));
    if (best < 9) return best;
    const all = each.words.join(" ") + " " + each.meaning;
    return words.split(" ").every((word) => (" " + all).includes(" " + word)) ? 4 : 9;
  }

  function look() {
    const words = plain(field.value);
    found = [];
    if (words) {
      const fitting = classes.map((each) => [rank(each, words), each]).filter(([fit]) => fit < 9);
      fitting.sort(([one, first], [other, second]) => one - other || first.id - second.id);
      found = fitting.slice(0, MOST).map(([, each]) => each);
      const more = fitting.length - found.length;
      at("found_count").textContent = fitting.length === 0 ? "No class found" : fitting.length + (fitting.length === 1 ? " class" : " classes") + " found";
      list.replaceChildren(...found.map(option), ...(more > 0 ? [make("li", "note", "and " + more + " more")] : []));
      if (!found.length) list.replaceChildren(make("li", "note", "no class has that in its names or meaning"));
      list.querySelectorAll(".note").forEach((each) => { each.role = "presentation"; });
    }
    list.hidden = !words;
    list.role = found.length ? "listbox" : "presentation";
    field.setAttribute("aria-expanded", String(found.length > 0));
    mark(0);
    if (!list.hidden) list.scrollIntoView({ block: "nearest" });
  }

  function option(each, place) {
    const item = make("li");
    item.role = "option";
    item.id = "found_" + place;
    item.append(...drawClass(each.id));
    item.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    item.addEventListener("click", () => choose(place));
    return item;
  }

  function mark(place) {
    active = place;
    [...list.children].forEach((item, here) => {
      if (item.role === "option") item.setAttribute("aria-selected", String(here === place));
    });
    if (found.length) {
      field.setAttribute("aria-activedescendant", "found_" + place);
      list.children[place].scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function choose(place) {
    const { id } = found[place];
    clear();
    field.blur();
    add(id);
  }

  function clear() {
    field.value = "";
    look();
  }

  field.addEventListener("input", look);
  field.addEventListener("blur", () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); });
  field.addEventListener("focus", look);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) mark((active + step + found.length) % found.length);
    else if (event.key === "Enter" && found.length) choose(active);
    else if (event.key === "Escape") { clear(); field.blur(); }
    else if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
  });

  return { setUp, keyOf, drawCandidates, drawVotes, answerText, make, clear, focus: () => field.focus() };
})();
