// What the explorer shows: a page of the list, or one image. Only elements are made here.
"use strict";

var EXPLORER_VIEW = (function () {
  const { make, foreign, viewHash } = HARNESS;
  const SHORT = 200;
  /** Characters of an answer that the data files keep at most. */
  const KEPT = 2000;

  /**
   * @typedef {Object} Chosen
   * @property {Object} benchmark
   * @property {string} name of the benchmark
   * @property {Object} images
   * @property {Array<{letter: string, board: Object, row: Object, run: Object, judgement: ?Object}>} sides
   *   one or two runs
   * @property {string} labels the label set that judges
   * @property {Object} view the address
   */

  function classText(chosen, id) {
    return make("span", { class: "class-name" }, RUNS.className(chosen.images, id));
  }

  /** The labels of an image in a label set, as text. */
  function labelText(chosen, setName, place) {
    const set = chosen.images.labels[setName];
    if (!NUMBERS.has(set.labelled, place)) return "not labelled";
    const names = RUNS.labelsOf(set, place).map((id) => RUNS.className(chosen.images, id));
    return names.length ? names.join(", ") : "no label";
  }

  function verdictMark(verdict) {
    return make("span", { class: "verdict " + verdict.replace(" ", "-") }, verdict);
  }

  /** What an answer was taken for: a class, or why it is none. */
  function meaning(chosen, side, place) {
    const value = RUNS.countsAs(side.run, place, side.board.protocol);
    const status = RUNS.STATUS_TEXT[RUNS.statusOf(side.run, place)];
    if (typeof value !== "number") return make("span", { class: "status" }, status);
    const mapped = RUNS.statusOf(side.run, place) === "ok" ? null : make("span", {}, " (" + status + ", mapped)");
    return make("span", {}, "→ ", classText(chosen, value), mapped);
  }

  /** A verbatim answer: as far as the data files have it, or for the list shorter. */
  function answerText(text, long) {
    if (text === null) return make("span", { class: "status" }, "no text");
    const most = long ? KEPT : SHORT;
    const characters = [...text];
    return make("span", {}, make("q", { class: "answer" }, foreign(characters.slice(0, most).join(""))),
      characters.length >= most ? make("span", { class: "status" }, " … cut") : null);
  }

  function picture(chosen, place, size) {
    const id = chosen.images.ids[place];
    const address = PICTURES.addressOf(chosen.benchmark, chosen.images, id);
    return address && make("img", { src: address, alt: "Image " + id, class: size, loading: "lazy" });
  }

  function imageLink(chosen, place) {
    const id = chosen.images.ids[place];
    return make("a", { href: viewHash({ ...chosen.view, i: id }) }, picture(chosen, place, "thumb"), foreign(id));
  }

  function row(chosen, place, texts) {
    return make("tr", { "data-image": chosen.images.ids[place] },
      make("th", { scope: "row", class: "image" }, imageLink(chosen, place)),
      ...chosen.benchmark.label_sets.map((name) => make("td", {}, labelText(chosen, name, place))),
      ...chosen.sides.map((side, at) => make("td", { class: "answer-cell", "data-side": side.letter },
        verdictMark(RUNS.verdict(side.judgement, place)), " ", answerText(texts[at], false), " ",
        meaning(chosen, side, place))));
  }

  function sideTitle(side) {
    return make("span", {}, side.letter + ": ", foreign(RUNS.rowName(side.board, side.row)), " (" + RUNS.boardName(side.board) + ")");
  }

  /**
   * A page of the list.
   * @param {Chosen} chosen
   * @param {number[]} places
   * @returns {Promise<HTMLElement>}
   */
  async function list(chosen, places) {
    const rows = await Promise.all(places.map(async (place) => row(
      chosen, place, await Promise.all(chosen.sides.map((side) => RUNS.textOf(side.run, place))))));
    const titles = ["Image", ...chosen.benchmark.label_sets];
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Images" },
      make("table", { id: "images" },
        make("thead", {}, make("tr", {},
          ...titles.map((text) => make("th", { scope: "col" }, text)),
          ...chosen.sides.map((side) => make("th", { scope: "col" }, sideTitle(side))))),
        make("tbody", {}, ...rows)));
  }

  /** A term and what it stands for, for a list in two columns. */
  function pair(term, ...value) {
    const both = document.createDocumentFragment();
    both.append(make("dt", {}, term), make("dd", {}, ...value));
    return both;
  }

  /** The same as one box, for a list in a row. */
  function boxed(term, ...value) {
    return make("div", {}, pair(term, ...value));
  }

  function verdictsBySet(side, place) {
    const { protocol } = side.board;
    return Object.keys(side.run.right[protocol] || {}).map((name) => make("span", { class: "by-set" },
      name + ": ", verdictMark(RUNS.verdict(RUNS.judged(side.run, protocol, name), place)), " "));
  }

  async function sideFacts(chosen, side, place) {
    const text = await RUNS.textOf(side.run, place);
    const { similarity } = side.run;
    const near = similarity && similarity[place] ? NUMBERS.fixed(similarity[place] / 255, 2) : null;
    return make("section", { class: "side", "data-side": side.letter },
      make("h3", {}, sideTitle(side)),
      make("dl", { class: "terms" },
        pair("Answer, verbatim", answerText(text, true)),
        pair("Counts as", meaning(chosen, side, place)),
        pair("Status", RUNS.STATUS_TEXT[RUNS.statusOf(side.run, place)]),
        near && pair("Similarity to it", near),
        pair("Judged by", ...verdictsBySet(side, place))),
      make("p", {}, make("a", { href: "models/" + side.row.entry + ".html" }, "About this model")));
  }

  /** What a report of this image's labels says. */
  function reported(chosen, place) {
    const { benchmark, images, name, labels, sides } = chosen;
    const labelsIn = (set) => NUMBERS.has(set.labelled, place) ? RUNS.labelsOf(set, place) : null;
    return {
      benchmark: name, image: images.ids[place], images, labelSet: labels,
      labels: Object.fromEntries(benchmark.label_sets.map((each) => [each, labelsIn(images.labels[each])])),
      answers: sides.map(({ run, row, board }) => ({
        model: RUNS.rowName(board, row), answer: RUNS.countsAs(run, place, board.protocol),
      })),
    };
  }

  /** One image: its labels in every set and the whole answers. */
  async function single(chosen, place) {
    const id = chosen.images.ids[place];
    const group = chosen.benchmark.groups[chosen.images.group[place]];
    const sides = await Promise.all(chosen.sides.map((side) => sideFacts(chosen, side, place)));
    return make("article", { id: "single" },
      make("h2", { tabindex: "-1" }, "Image ", foreign(id)),
      make("p", {}, make("a", { href: viewHash({ ...chosen.view, i: "" }) }, "Back to the list")),
      picture(chosen, place, "large"),
      make("dl", { class: "facts" },
        ...chosen.benchmark.label_sets.map((name) => boxed("Labels of " + name, labelText(chosen, name, place))),
        boxed("Label group", RUNS.GROUP_TEXT[group] || group || "not labelled")),
      REPORT.block(reported(chosen, place), document.getElementById("result").dataset),
      make("div", { class: "side-by-side" }, ...sides));
  }

  /** Links to the page before and after, and where one is. */
  function pager(chosen, page, pages, label) {
    const link = (to, text, rel) => to >= 1 && to <= pages
      ? make("a", { href: viewHash({ ...chosen.view, p: to === 1 ? "" : String(to) }), rel }, text) : null;
    return make("nav", { class: "pager", "aria-label": label },
      link(page - 1, "Previous page", "prev"), make("span", {}, " Page " + page + " of " + pages + " "),
      link(page + 1, "Next page", "next"));
  }

  return Object.freeze({ list, single, pager });
})();
