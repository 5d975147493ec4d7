// What both comparisons, of two runs and of more, are made of: cells, tables, links, pictures.
"use strict";

var COMPARE_PARTS = (function () {
  const { make, foreign, viewHash } = HARNESS;
  const { both, without, places, change } = NUMBERS;
  const LISTED = 50;
  const ALPHA = 0.05;

  /**
   * @typedef {Object} Side
   * @property {string} letter "A" to "E"
   * @property {Object} board
   * @property {Object} row
   * @property {Object} run
   * @property {{right: Uint8Array, scored: Uint8Array}} judgement
   */

  /**
   * @typedef {Object} Chosen
   * @property {Object} benchmark
   * @property {Object} images
   * @property {Side[]} sides two to five
   * @property {string} labels
   * @property {string} g label group, or empty
   * @property {string} c class, or empty
   * @property {string} m "all": every class
   * @property {string} p letters of the runs that have the pictures right, "none", or empty
   * @property {function(number, number): ?{low: ?number, high: ?number, holm: number, family: string}}
   *   pairOf of the places of two sides; from Python, null where it computed none
   * @property {function(Object): Object} addressOf the address of this view with some of it changed
   */

  function cell(value, key) {
    return make("td", { class: "number", "data-cell": key || null }, String(value));
  }

  /** Of a column, above its numbers; of a row, before them. */
  function head(text, scope) {
    return make("th", { scope, class: scope === "col" ? "number" : null }, text);
  }

  /** A table in a region that scrolls by itself where it is wider than the window; its first
   * `texts` columns are text. */
  function region(id, caption, headings, rows, texts = 1) {
    const heads = headings.map((text, place) => place < texts ? make("th", { scope: "col" }, text) : head(text, "col"));
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      make("table", { id }, make("caption", {}, caption),
        make("thead", {}, make("tr", {}, ...heads)),
        make("tbody", {}, ...rows)));
  }

  function between(low, high) {
    return low === null ? "" : " [" + change(low) + ", " + change(high) + "]";
  }

  /** The key of a run in the explorer's address. */
  function runKey({ board, row }) {
    return board.slug + ":" + row.entry;
  }

  function name({ board, row }) {
    return foreign(RUNS.rowName(board, row));
  }

  /** The images of a set that both sides have scored: all, and by who of the two is right. */
  function square(a, b, bits) {
    const scored = both(a.judgement.scored, b.judgement.scored, bits);
    const [rightA, rightB] = [both(scored, a.judgement.right), both(scored, b.judgement.right)];
    return { scored, right: both(rightA, rightB), onlyA: without(rightA, rightB), onlyB: without(rightB, rightA) };
  }

  /**
   * Pictures of a set of images, each a link to the answers of two sides.
   * @param {string} id
   * @param {string} title
   * @param {Uint8Array} bits
   * @param {Chosen} chosen
   * @param {Side[]} two
   * @param {string} who who of the two is right, for the link to all; empty for no such link
   */
  function pictures(id, title, bits, { benchmark, images, labels, g, c }, two, who) {
    const [a, b] = two.map(runKey);
    const explorer = (more) => "explorer.html" + viewHash({ a, b, l: labels, g, c, ...more });
    const found = places(bits);
    const link = (place) => {
      const address = PICTURES.addressOf(benchmark, images, images.ids[place]);
      return make("li", {}, make("a", { href: explorer({ i: images.ids[place] }) },
        address && make("img", { src: address, alt: "", class: "thumb", loading: "lazy" }), foreign(images.ids[place])));
    };
    const first = found.length > LISTED ? "The first " + LISTED + (who ? "; " : ".") : "";
    const all = who ? make("a", { href: explorer({ w: who }) }, "all in the explorer") : null;
    return make("section", { id },
      make("h3", {}, title + " (" + found.length + ")"),
      found.length && (first || all) ? make("p", {}, first, all) : null,
      make("ul", { class: "ids" }, ...found.slice(0, LISTED).map(link)));
  }

  function intervalNote(known, { benchmark }) {
    return make("p", { class: "note" }, known
      ? "The interval redraws whole classes, for both alike; it was computed once, for all runs."
      : "Intervals of the whole are computed for all images under " + benchmark.headline
        + " only; this is a slice, another label set, or one pair of too many.");
  }

  return Object.freeze({ ALPHA, cell, head, region, between, runKey, name, square, pictures, intervalNote });
})();
